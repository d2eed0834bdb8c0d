import { SUPERVISOR_PORT } from '../../contract';
import { run } from '../common/fail';
import { serve } from '../common/http';
import { describeSelf, handle, refuseEvent } from './supervisor';

void run(async () => {
  const [command] = process.argv.slice(2);
  switch (command) {
    case '--version':
      process.stdout.write(`${describeSelf()}\n`);
      return 0;
    case 'serve':
      await serve(handle, SUPERVISOR_PORT);
      return 0;
    case undefined:
      return refuseEvent();
    default:
      process.stderr.write(`supervisor: no command "${command}". Allowed: serve, --version, or none (an event).\n`);
      return 2;
  }
});
