import type { Declaration } from '../../../src/contract';
import { run } from '../../../src/programs/common/fail';
import { sweep } from '../../../src/programs/provisioner/sweep/sweep';

/** The program as `provisioner.js sweep` is it, with a declaration and a folder of secrets of a test's own. */
void run(() => {
  const { declaration, secretsDir } = JSON.parse(process.argv[2]) as { declaration: Declaration; secretsDir: string };
  return sweep(declaration, { secretsDir });
});
