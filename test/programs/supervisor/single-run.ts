import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { bundled } from '../bundled';
import { temporaryFolder } from './temporary';

const PROGRAM = bundled(join(__dirname, 'run-once-program.ts'));

/** The tests' own environment, in which there is no event. */
export const OWN_ENV = { ...process.env };
delete OWN_ENV.EVENT;

/** What a container of a single run has, made anew for each test of a file: a folder, and the program in it. */
export function singleRun() {
  const folder = temporaryFolder();
  const container = { folder, program: '' };
  beforeEach(() => {
    container.program = folder.write('supervisor.cjs', PROGRAM);
    mkdirSync(join(folder.path, 'work'));
  });
  return container;
}
