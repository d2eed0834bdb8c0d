import { spawn } from 'node:child_process';
import { buildSync } from 'esbuild';
import type { ProviderSettings } from '../../../../../src/programs/supervisor/storage/storage';

export interface Work {
  readonly settings: ProviderSettings;
  /** Done at the same time. */
  readonly jobs: readonly { readonly up?: string; readonly down?: string; readonly path: string }[];
}

/** Builds the program that `transfer` runs. @param file where it is written */
export function buildTransfer(file: string): void {
  const entryPoints = [`${__dirname}/transfer-program.ts`];
  buildSync({ entryPoints, bundle: true, platform: 'node', target: 'node20', minify: true, outfile: file });
}

/** Does the work in a process of its own. @returns the most memory that it had, in MiB */
export function transferMemory(program: string, work: Work): Promise<number> {
  const child = spawn(process.execPath, [program], { stdio: ['pipe', 'pipe', 'inherit'] });
  child.stdin.end(JSON.stringify(work));
  let told = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (told += text));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => (code === 0 ? resolve(Number(told)) : reject(new Error(`exit code ${code}`))));
  });
}
