// Bundles `oscar-cdk8s synth` into one file beside its compiled module, and V8's compiled code beside that: without them
// a start reads hundreds of files. Not of the same bytes each time, and no manifest depends on it.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildSync } from 'esbuild';

/** @param root folder of the package, with `lib` compiled by tsc and the programs' bundles made */
export function bundleCli(root) {
  const { SYNTH_BUNDLE, compiledFile, loadBundle } = createRequire(import.meta.url)(
    join(root, 'lib/src/cli/bundle.js'),
  );
  rmSync(compiledFile(SYNTH_BUNDLE), { force: true });
  buildSync({
    entryPoints: [join(root, 'lib/src/cli/synth-command.js')],
    outfile: SYNTH_BUNDLE,
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'cjs',
    minifyWhitespace: true,
    legalComments: 'eof',
    logLevel: 'warning',
  });
  const { exports, script } = loadBundle(SYNTH_BUNDLE);
  warmUp(exports, join(root, 'environments'));
  writeFileSync(compiledFile(SYNTH_BUNDLE), script.createCachedData());
}

/** V8 compiles a function when it is first called, so the examples are synthesized once. */
function warmUp({ synthCommand }, folder) {
  const outdir = mkdtempSync(join(tmpdir(), 'oscar-cdk8s-'));
  const output = { out: () => {}, err: () => {} };
  try {
    synthCommand({ command: 'synth', environments: [], folder, outdir, strict: false }, output);
  } catch {
    // Environments that can't be used are no fault of the build: `synth` says what is wrong with them.
  } finally {
    rmSync(outdir, { recursive: true });
  }
}
