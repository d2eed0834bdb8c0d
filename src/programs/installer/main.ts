import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { PROGRAM_DIR } from '../../contract';
import { ProgramError, run } from '../common/fail';
import { log } from '../common/log';
import { installSupervisor } from './install';
import { findRuntime } from './runtime';

/** `installer TARGET VERSION [BUNDLE]`: the supervisor volume's content as TARGET/VERSION. */
void run(() => {
  const [target, version, bundle = join(PROGRAM_DIR, 'supervisor.cjs.gz')] = process.argv.slice(2);
  if (!target || !version) throw new ProgramError('usage: installer TARGET VERSION [BUNDLE]');
  const outcome = installSupervisor({ target, version, bundle: () => unpack(bundle), runtime: findRuntime });
  log('info', outcome, { target, version });
});

function unpack(file: string): Buffer {
  try {
    return gunzipSync(readFileSync(file));
  } catch (error) {
    throw new ProgramError(`the supervisor's bundle can't be read: ${(error as Error).message}`);
  }
}
