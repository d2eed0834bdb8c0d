/**
 * A program of its own, so that its memory is its own: reads `{ settings, jobs: [{ up | down, path }] }` as JSON from
 * stdin, does all jobs at once, and writes the most memory that it ever used, in MiB.
 */
import { readFileSync } from 'node:fs';
import { openStorage } from '../../../src/programs/supervisor/storage';
import type { ProviderSettings } from '../../../src/programs/supervisor/storage/storage';

export interface Work {
  readonly settings: ProviderSettings;
  readonly jobs: readonly { readonly up?: string; readonly down?: string; readonly path: string }[];
}

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
  process.stdout.write(String(process.resourceUsage().maxRSS / 1024));
}

void main();
