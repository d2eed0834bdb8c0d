import { SUPERVISOR_PORT } from '../../contract';
import { run } from '../common/fail';
import { serve } from '../common/http';
import { describeSelf, handle, refuseEvent } from './supervisor';

/** No preStop hook can wait in a user's image: nothing is known to be in it. */
const DRAIN_MS = 5_000;

void run(async () => {
  const [command] = process.argv.slice(2);
  switch (command) {
    case '--version':
      process.stdout.write(`${describeSelf()}\n`);
      return 0;
    case 'serve':
      await serve(handle, SUPERVISOR_PORT, DRAIN_MS);
      return 0;
    case undefined:
      return refuseEvent();
    default:
      process.stderr.write(`supervisor: no command "${command}". Allowed: serve, --version, or none (an event).\n`);
      return 2;
  }
});
