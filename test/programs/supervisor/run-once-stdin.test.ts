import { spawnSync } from 'node:child_process';
import { OWN_ENV, singleRun } from './single-run';

jest.setTimeout(60_000);

const container = singleRun();
const { folder } = container;

describe('a stdin that can be no body', () => {
  const shell = (redirection: string, env: NodeJS.ProcessEnv = {}) => {
    folder.write('config/script.sh', 'echo runs');
    folder.write('config/function_config.yaml', '{}');
    const command = `exec "$0" "$1" "$2" ${redirection}`;
    const { status, stderr } = spawnSync('/bin/sh', ['-c', command, process.execPath, container.program, folder.path], {
      ...{ env: { ...OWN_ENV, ...env }, encoding: 'utf8' },
    });
    return { status, stderr };
  };

  test.each([
    ['<&-', 'is closed'],
    ['</', 'is a folder'],
  ])('%s', (redirection, problem) => {
    const { status, stderr } = shell(redirection);
    expect(status).toBe(1);
    expect(stderr).toBe(
      `supervisor: stdin ${problem}: there is no body. Fix: send the body to stdin, or set the variable EVENT\n`,
    );
    expect(shell(redirection, { EVENT: '' }).status).toBe(0);
  });

  test('an empty one is an empty body', () => expect(shell('</dev/null').stderr).toContain('runs\n'));
});
