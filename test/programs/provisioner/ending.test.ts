import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bundled } from '../bundled';

const folder = mkdtempSync(join(tmpdir(), 'oscar-ending-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** A handler of its own is what the first process of a pod needs: its exit tells it from death by the signal. */
test.each([
  ['SIGTERM', 143],
  ['SIGINT', 130],
] as const)('%s ends a run at once, by the program itself', async (signal, code) => {
  const entry = join(folder, `${signal}.ts`);
  const module = JSON.stringify(join(__dirname, '../../../src/programs/provisioner/ending'));
  writeFileSync(
    entry,
    `import { endWhenTold } from ${module}; endWhenTold(); setInterval(() => {}, 1000); console.log();`,
  );
  const program = join(folder, `${signal}.cjs`);
  writeFileSync(program, bundled(entry));
  const child = spawn(process.execPath, [program], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(child.stdout, 'data');
  const rest = once(child.stdout, 'data');
  child.kill(signal);
  expect(JSON.parse(String(await rest))).toMatchObject({ level: 'warning', message: expect.stringContaining(signal) });
  expect(await once(child, 'close')).toEqual([code, null]);
});
