// Reads its work as JSON from stdin, does it, and writes the most memory that it ever had, in MiB.
import { readFileSync } from 'node:fs';
import { openStorage } from '../../../../../src/programs/supervisor/storage';
import type { Work } from './transfer';

async function main(): Promise<void> {
  const { settings, jobs } = JSON.parse(readFileSync(0, 'utf8')) as Work;
  const storage = await openStorage(settings);
  const warn = (message: string) => void process.stderr.write(`${message}\n`);
  await Promise.all(
    jobs.map(({ up, down, path }) =>
      up === undefined ? storage.download(path, down!, { warn }) : storage.upload(up, path, { warn }),
    ),
  );
  storage.close();
  process.stdout.write(String(mostMemory()));
}

/** `maxRSS` also counts what the process that started this one had when it did so: Linux keeps it over an exec. */
function mostMemory(): number {
  if (process.platform !== 'linux') return process.resourceUsage().maxRSS / 1024;
  return Number(/^VmHWM:\s+(\d+)/m.exec(readFileSync('/proc/self/status', 'utf8'))![1]) / 1024;
}

void main();
