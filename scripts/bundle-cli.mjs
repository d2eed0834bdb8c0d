// Bundles the commands into one file beside their compiled modules, and V8's compiled code beside that: without them
// a start reads hundreds of files. Not of the same bytes each time, and no manifest depends on it.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildSync } from 'esbuild';

/** @param root folder of the package, with `lib` compiled by tsc and the programs' bundles made */
export async function bundleCli(root) {
  const { COMMANDS_BUNDLE, compiledFile, loadBundle } = createRequire(import.meta.url)(
    join(root, 'lib/src/cli/bundle.js'),
  );
  rmSync(compiledFile(COMMANDS_BUNDLE), { force: true });
  buildSync({
    entryPoints: [join(root, 'lib/src/cli/commands/index.js')],
    outfile: COMMANDS_BUNDLE,
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'cjs',
    minifyWhitespace: true,
    legalComments: 'eof',
    logLevel: 'warning',
  });
  const { exports, script } = loadBundle(COMMANDS_BUNDLE);
  await warmUp(exports, join(root, 'environments'));
  writeFileSync(compiledFile(COMMANDS_BUNDLE), script.createCachedData());
}

/** V8 compiles a function when it is first called, so the examples are synthesized once. */
async function warmUp({ synth }, environments) {
  const outdir = mkdtempSync(join(tmpdir(), 'oscar-cdk8s-'));
  const terminal = { out: () => {}, err: () => {}, progress: () => {} };
  try {
    await synth([], { environments, outdir }, terminal);
  } catch {
    // Environments that can't be used are no fault of the build: `synth` says what is wrong with them.
  } finally {
    rmSync(outdir, { recursive: true });
  }
}
