import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from './running';

test('help says what there is, and how a script can tell how it went', async () => {
  const { code, out, err } = await run('--help');
  expect([code, err]).toEqual([0, []]);
  for (const word of ['synth', '--version', 'Exit codes', '0  all is well', '1  wrong use', '2  what was looked for'])
    expect(out.join('\n')).toContain(word);
});

test('each command has a help with an example, no line of which is wider than a terminal', async () => {
  const names = [...(await run('--help')).out.join('\n').matchAll(/^ {2}([a-z]+) \[options\]/gm)].map(
    ([, name]) => name,
  );
  expect(names).toContain('synth');
  for (const name of names) {
    const { code, out } = await run(name, '--help');
    expect([name, code]).toEqual([name, 0]);
    expect(out.join('\n')).toContain(`Examples:\n  oscar-cdk8s ${name}`);
    expect(
      out
        .join('\n')
        .split('\n')
        .filter((line) => line.length > 80),
    ).toEqual([]);
  }
});

test('version', async () => {
  const { version } = JSON.parse(readFileSync(join(__dirname, '../../package.json'), 'utf8'));
  expect(await run('--version')).toEqual({ code: 0, out: [version], err: [] });
});

test('without a command it shows the help, to persons', async () => {
  const { code, out, err } = await run();
  expect([code, out]).toEqual([1, []]);
  expect(err.join('\n')).toContain('Usage: oscar-cdk8s');
});

test.each<[string[], RegExp, string]>([
  [['snyth'], /unknown command 'snyth' \(Did you mean synth\?\)/, ''],
  [['--json'], /unknown option '--json'/, ''],
  [['synth', '--outdri', 'x'], /unknown option '--outdri' \(Did you mean --outdir\?\)/, 'synth '],
  [['synth', '-x'], /unknown option '-x'/, 'synth '],
  [['synth', '--outdir'], /option '--outdir <folder>' argument missing/, 'synth '],
  [['synth', '--outdir='], /option '--outdir <folder>' .*It needs a value/, 'synth '],
  [['synth', '--outdir', '--strict'], /option '--outdir <folder>' .*It needs a value/, 'synth '],
  [['synth', '--strict=no'], /unknown option '--strict=no'/, 'synth '],
  [['synth', '--watch', '--check'], /'--watch' cannot be used with option '--check'/, 'synth '],
])('%p is refused with a hint', async (args, message, command) => {
  const { code, out, err } = await run(...args);
  const text = [...out, ...err].join('\n');
  expect(code).toBe(1);
  expect(text).toMatch(message);
  expect(text).toContain(`Try: oscar-cdk8s ${command}--help`);
  expect(text).not.toMatch(/^\s+at /m);
});

test('a command that there is not is told which there are', async () => {
  const { err } = await run('deploy');
  expect(err.join('\n')).toMatch(/^oscar-cdk8s: unknown command 'deploy'\. Commands: .*synth/);
});

test('what stands after -- is a name', async () => {
  const { err } = await run('synth', '--environments', join(__dirname, '../../environments'), '--', '--strict');
  expect(err.join('\n')).toContain('unknown environment "--strict"');
});

describe('CDK8S_OUTDIR, as cdk8s synth sets it', () => {
  afterEach(() => delete process.env.CDK8S_OUTDIR);
  const shown = async () => (await run('synth', '--help')).out.join('\n');

  test.each([
    ['there', 'there'],
    ['', 'dist'],
  ])('%p stands in for --outdir', async (value, outdir) => {
    process.env.CDK8S_OUTDIR = value;
    expect(await shown()).toContain(`(default: "${outdir}")`);
  });
});
