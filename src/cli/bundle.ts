import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { Script } from 'node:vm';
import type * as Commands from './commands';

/**
 * `commands` and all that they need in one file, made by `npm run build`, with V8's compiled code beside it: loading
 * hundreds of modules and compiling them takes longer than a hundred services do.
 */
export const COMMANDS_BUNDLE = join(__dirname, 'commands.bundle.js');

/** Nothing when it is not built, as in tests of the sources. */
export function bundledCommands(): typeof Commands | undefined {
  return existsSync(COMMANDS_BUNDLE) ? (loadBundle(COMMANDS_BUNDLE).exports as typeof Commands) : undefined;
}

/** Compiled code of a bundle. V8 takes it only where version, flags and source are the same, and compiles otherwise. */
export const compiledFile = (bundle: string) => `${bundle}.compiled`;

/** Runs a CommonJS bundle. `script` gives the compiled code of what has run. */
export function loadBundle(file: string): { exports: object; script: Script } {
  const compiled = compiledFile(file);
  const script = new Script(
    `(function (exports, require, module, __filename, __dirname) {${readFileSync(file, 'utf8')}\n})`,
    { filename: file, cachedData: existsSync(compiled) ? readFileSync(compiled) : undefined },
  );
  const module = { exports: {} };
  script.runInThisContext()(module.exports, createRequire(file), module, file, dirname(file));
  return { exports: module.exports, script };
}
