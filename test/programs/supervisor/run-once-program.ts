import { join } from 'node:path';
import { runOnce } from '../../../src/programs/supervisor/run-once';

/** The program as it is for a single run, with the folders that a container has under one of a test. */
const at = (name: string) => join(process.argv[2], name);
void runOnce(() => ({ config: at('config'), providers: at('providers'), work: at('work') })).then((code) =>
  process.exit(code),
);
