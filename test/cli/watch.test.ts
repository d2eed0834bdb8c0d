import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { watchFiles } from '../../src/cli/watch';
import { pipe } from './running';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'watched-'));
  mkdirSync(join(folder, 'environments', 'base'), { recursive: true });
});
afterEach(() => rmSync(folder, { recursive: true }));

const write = (file: string, text: string) => writeFileSync(join(folder, file), text);

/** Each run of the work in turn, and an end that stops the watching. */
function watched(work: () => readonly string[] = () => []) {
  const [ended, { terminal, err }] = [new AbortController(), pipe()];
  let [runs, awaited] = [0, { runs: 1, reached: () => {} }];
  const counted = () => {
    if (++runs >= awaited.runs) setImmediate(awaited.reached);
    return work();
  };
  const over = watchFiles(join(folder, 'environments'), terminal, counted, ended.signal);
  return {
    err,
    run: (number: number) =>
      new Promise<void>((reached) => {
        awaited = { runs: number, reached };
        if (runs >= number) reached();
      }),
    end: async () => {
      ended.abort();
      await over;
    },
  };
}

test('works at once, and again after a change of any file below the folder', async () => {
  const { run, end, err } = watched();
  await run(1);
  write('environments/dev.yaml', 'a: 1');
  await run(2);
  write('environments/base/common.yaml', 'a: 1');
  await run(3);
  rmSync(join(folder, 'environments/dev.yaml'));
  await run(4);
  await end();
  expect(err).toContain('waiting for changes; end with Ctrl-C');
});

test('also after a change of a file elsewhere that was read', async () => {
  write('script.sh', 'one');
  const { run, end } = watched(() => [join(folder, 'script.sh')]);
  await run(1);
  // Its watch begins in the background.
  for (let change = 0; change < 20; change++) {
    write('script.sh', `another ${change}`);
    await new Promise((later) => setTimeout(later, 50));
  }
  await run(2);
  await end();
});

test('what fails is shown, and the next change tried', async () => {
  let isBroken = true;
  const { run, end, err } = watched(() => {
    if (isBroken) throw new Error('dev.yaml:1:1: it is broken');
    return [];
  });
  await run(1);
  isBroken = false;
  write('environments/dev.yaml', 'a: 1');
  await run(2);
  await end();
  expect(err.filter((line) => line.includes('broken'))).toEqual(['dev.yaml:1:1: it is broken']);
});
