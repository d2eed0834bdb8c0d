import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { gunzipSync } from 'node:zlib';
import { PROGRAM_DIR } from '../../contract';
import { ProgramError, run } from '../common/fail';
import { log } from '../common/log';
import { installSupervisor } from './install';
import { findRuntime } from './runtime';
import { removeSuperseded } from './superseded';

/**
 * `installer TARGET VERSION [BUNDLE]`: the supervisor volume's content as TARGET/VERSION. With `--keep SECONDS`, other
 * versions that were superseded longer ago, and that nothing runs, are removed.
 */
void run(() => {
  const { target, version, bundle, keepSeconds } = commandLine();
  const outcome = installSupervisor({ target, version, bundle: () => unpack(bundle), runtime: findRuntime });
  log('info', outcome, { target, version });
  if (keepSeconds === undefined) return;
  for (const old of removeSuperseded(target, version, keepSeconds * 1000)) {
    log('info', 'removed: superseded long ago', { target, version: old });
  }
});

function commandLine() {
  const { positionals, values } = parsed();
  const [target, version, bundle = join(PROGRAM_DIR, 'supervisor.cjs.gz')] = positionals;
  if (!target || !version || (values.keep !== undefined && !/^\d{1,10}$/.test(values.keep))) throw usage();
  return { target, version, bundle, keepSeconds: values.keep === undefined ? undefined : Number(values.keep) };
}

/** Which arguments are ours is said: pods start this by `node -e`, where `parseArgs` would begin one too early. */
function parsed() {
  try {
    return parseArgs({ args: process.argv.slice(2), allowPositionals: true, options: { keep: { type: 'string' } } });
  } catch {
    throw usage();
  }
}

function usage(): ProgramError {
  return new ProgramError('usage: installer TARGET VERSION [BUNDLE] [--keep SECONDS]');
}

function unpack(file: string): Buffer {
  try {
    return gunzipSync(readFileSync(file));
  } catch (error) {
    throw new ProgramError(`the supervisor's bundle can't be read: ${(error as Error).message}`);
  }
}
