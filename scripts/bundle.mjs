// Bundles each program into one file, lib/programs/<program>.cjs.gz, from which synth makes its ConfigMap.
// Same input, same bytes: the ConfigMap is named by them, so a header that tells the time or the machine would roll pods.
import { mkdirSync, existsSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync, constants } from 'node:zlib';
import { buildSync } from 'esbuild';
import { bundleCli } from './bundle-cli.mjs';

const PROGRAMS = ['manager', 'provisioner', 'supervisor', 'installer'];
const GZIP_OS_BYTE = 9;
const GZIP_OS_UNKNOWN = 255;

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const target = join(root, 'lib', 'programs');

function bundle(program) {
  const entry = join(root, 'src', 'programs', program, 'main.ts');
  if (!existsSync(entry)) throw new Error(`the program ${program} is missing: ${entry}`);
  const { outputFiles } = buildSync({
    entryPoints: [entry],
    absWorkingDir: root,
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'cjs',
    // Each becomes a `require`: Node's loader of modules costs milliseconds, and a vm.Script has none.
    supported: { 'dynamic-import': false },
    minify: true,
    keepNames: false,
    legalComments: 'eof',
    write: false,
    logLevel: 'warning',
  });
  return outputFiles[0].contents;
}

/** Level 9 without a time (zlib writes none) or an operating system in the header. */
function gzip(bytes) {
  const zipped = gzipSync(bytes, { level: constants.Z_BEST_COMPRESSION });
  zipped[GZIP_OS_BYTE] = GZIP_OS_UNKNOWN;
  return zipped;
}

mkdirSync(target, { recursive: true });
for (const program of PROGRAMS) writeFileSync(join(target, `${program}.cjs.gz`), gzip(bundle(program)));
await bundleCli(root);
