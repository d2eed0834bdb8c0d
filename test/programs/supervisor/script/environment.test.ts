import type { EventObject } from '../../../../src/programs/supervisor/input/input';
import { Log } from '../../../../src/programs/supervisor/log';
import { ScriptFacts, scriptEnvironment } from '../../../../src/programs/supervisor/script/environment';

const FACTS: ScriptFacts = { inputFolder: '/w/input', outputFolder: '/w/output', variables: {} };
const OBJECT: EventObject = {
  type: 'minio',
  path: 'bucket/in/a b',
  key: 'in/a b',
  name: 'a b',
  time: '2026-01-01T00:00:00Z',
  event: '{"Records":[]}',
};

let warnings: string;
const environment = (facts: Partial<ScriptFacts>, base: NodeJS.ProcessEnv = {}) => {
  warnings = '';
  const log = new Log('00000000', 'WARNING', (text) => (warnings += text));
  return scriptEnvironment({ ...FACTS, ...facts }, log, base);
};

test('of data', () => {
  expect(environment({ inputFile: '/w/input/f' })).toEqual({
    TMP_INPUT_DIR: '/w/input',
    TMP_OUTPUT_DIR: '/w/output',
    INPUT_FILE_PATH: '/w/input/f',
  });
});

test('of an object', () => {
  expect(environment({ inputFile: '/w/input/a b', object: OBJECT })).toEqual({
    TMP_INPUT_DIR: '/w/input',
    TMP_OUTPUT_DIR: '/w/output',
    INPUT_FILE_PATH: '/w/input/a b',
    STORAGE_OBJECT_KEY: 'in/a b',
    EVENT_TIME: '2026-01-01T00:00:00Z',
    EVENT: '{"Records":[]}',
  });
});

test("the container's own stay as they are, but for ours", () => {
  const base = { LD_LIBRARY_PATH: '/opt/lib', TEXT: 'a\nb=c', EMPTY: '', JOB_UUID: 'j' };
  const stale = { EVENT: '{"secret":1}', INPUT_FILE_PATH: '/old', STORAGE_OBJECT_KEY: 'old', EVENT_TIME: 'old' };
  expect(environment({}, { ...base, ...stale })).toEqual({
    ...base,
    TMP_INPUT_DIR: '/w/input',
    TMP_OUTPUT_DIR: '/w/output',
  });
});

test('what the manager says to the supervisor alone is not there', () => {
  const base = { EVENT_OBJECT: 'minio.default/oscar-bodies/a/a-1', EVENT_CONTENT_TYPE: 'image/png', EVENT_TYPE: 'x' };
  expect(environment({}, base)).toEqual({ EVENT_TYPE: 'x', TMP_INPUT_DIR: '/w/input', TMP_OUTPUT_DIR: '/w/output' });
});

test('an event without a time, and a file that was not fetched, set nothing', () => {
  const env = environment({ object: { ...OBJECT, time: '' } });
  expect(env).not.toHaveProperty('EVENT_TIME');
  expect(env).not.toHaveProperty('INPUT_FILE_PATH');
});

test("query parameters are there, even empty ones, and can't take the place of ours", () => {
  const variables = { CONT_VAR_a: '1', CONT_VAR_b: '', TMP_INPUT_DIR: '/elsewhere' };
  expect(environment({ variables })).toMatchObject({ CONT_VAR_a: '1', CONT_VAR_b: '', TMP_INPUT_DIR: '/w/input' });
});

test('what Linux takes no more is left out, with a warning', () => {
  const most = 128 * 1024 - 1 - 'EVENT='.length;
  expect(environment({ object: { ...OBJECT, event: 'x'.repeat(most) } }).EVENT).toHaveLength(most);
  expect(warnings).toBe('');
  expect(environment({ object: { ...OBJECT, event: 'x'.repeat(most + 1) } }, { EVENT: 'old' })).not.toHaveProperty(
    'EVENT',
  );
  expect(warnings).toMatch(/the variable EVENT is left out: it has 131072 bytes, and Linux takes 131071/);
});

test('bytes count, not characters', () => {
  expect(environment({ object: { ...OBJECT, key: 'ä'.repeat(70_000) } })).not.toHaveProperty('STORAGE_OBJECT_KEY');
});

test('a NUL is left out, with a warning', () => {
  expect(environment({ object: { ...OBJECT, key: 'a\0b' } })).not.toHaveProperty('STORAGE_OBJECT_KEY');
  expect(warnings).toContain('the variable STORAGE_OBJECT_KEY is left out: it has a NUL');
});
