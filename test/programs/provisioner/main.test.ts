import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bundled } from '../bundled';

describe('the program, bundled as it is shipped', () => {
  const folder = mkdtempSync(join(tmpdir(), 'oscar-provisioner-'));
  const program = join(folder, 'provisioner.cjs');
  beforeAll(() => writeFileSync(program, bundled(join(__dirname, '../../../src/programs/provisioner/main.ts'))));
  afterAll(() => rmSync(folder, { recursive: true }));

  const run = (...args: string[]) => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...args], { encoding: 'utf8', env: {} });
    return {
      status,
      stderr,
      lines: stdout
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line)),
    };
  };

  test.each([[['swep']], [['sweep', 'now']], [['']], [['provision']]])('refuses the arguments %j', (args) => {
    const message = expect.stringContaining(`no such task: ${JSON.stringify(args)}. Allowed: none`);
    expect(run(...args)).toEqual({
      status: 1,
      stderr: '',
      lines: [expect.objectContaining({ level: 'error', message })],
    });
  });

  test.each([[[]], [['sweep']]])('with the arguments %j it wants its declaration', (args) => {
    const { status, lines } = run(...args);
    expect(status).toBe(1);
    expect(lines).toEqual([
      expect.objectContaining({ level: 'error', message: expect.stringContaining("settings can't be read") }),
    ]);
  });
});
