import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { CONFIG_DIR } from '../../../src/contract';
import { bundled } from '../bundled';
import { temporaryFolder } from './temporary';

const PROGRAM = bundled(join(__dirname, '../../../src/programs/supervisor/main.ts'));

const folder = temporaryFolder();

function run(...args: string[]) {
  const program = folder.write('supervisor.cjs', PROGRAM);
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...args], { encoding: 'utf8', input: '{}' });
  return { status, stdout, stderr };
}

test('--version tells which Node runs', () => {
  const version = `oscar-cdk8s supervisor, Node ${process.version} on ${process.platform} ${process.arch}\n`;
  expect(run('--version')).toEqual({ status: 0, stdout: version, stderr: '' });
});

test('--help tells how it is used', () => {
  const { status, stdout, stderr } = run('--help');
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  expect(stdout).toMatch(/^usage: supervisor \[/);
});

test.each([
  [['start'], 'there is no command "start"'],
  [['--help\n2026'], 'there is no command "--help\\n2026"'],
  [['serve', 'more'], 'it takes no more after "serve"'],
])('%j is misused', (args, problem) => {
  const { status, stdout, stderr } = run(...args);
  expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
  expect(stderr.split('\n').slice(0, 2)).toEqual([
    `supervisor: ${problem}`,
    'usage: supervisor [serve | --version | --help]',
  ]);
});

// Outside a container there is no definition.
(existsSync(CONFIG_DIR) ? test.skip : test).each([[[]], [['serve']]])('%j without a definition', (args: string[]) => {
  const { status, stdout, stderr } = run(...args);
  expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
  expect(stderr).toMatch(/^supervisor: \/oscar\/config\/function_config\.yaml, .* it is not there\. Fix: .*\n$/);
});
