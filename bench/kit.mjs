// A suite's kit, for a benchmark beside it: it is TypeScript, so it is bundled.
import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire, Module } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildSync } from 'esbuild';

/**
 * @param entry module that exports what is needed, below this folder
 * @param folder what the kit's modules take for their own, below this folder
 */
export function kit(entry, folder = '.') {
  const path = (name) => fileURLToPath(new URL(name, import.meta.url));
  const temporary = mkdtempSync(join(tmpdir(), 'oscar-bench-'));
  const outfile = join(temporary, 'kit.cjs');
  buildSync({
    entryPoints: [path(entry)],
    outfile,
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'cjs',
    external: ['esbuild'],
    define: { __dirname: JSON.stringify(path(folder)) },
  });
  // Where packages are found that aren't in the bundle.
  process.env.NODE_PATH = path('../node_modules');
  Module._initPaths();
  const loaded = createRequire(import.meta.url)(outfile);
  rmSync(temporary, { recursive: true });
  return loaded;
}
