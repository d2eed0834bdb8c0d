import { readFileSync } from 'node:fs';
import type { Declaration } from '../../../src/contract';
import { run } from '../../../src/programs/common/fail';
import { KubernetesClient } from '../../../src/programs/common/kubernetes';
import { log } from '../../../src/programs/common/log';
import { ownJob } from '../../../src/programs/provisioner/older-jobs';
import { provision } from '../../../src/programs/provisioner/provision';
import { program } from './process';

/** What the program has from its pod, and here on its stdin. */
export interface ProvisionerArgument {
  readonly declaration: Declaration;
  /** Folder of a ServiceAccount. */
  readonly account: string;
}

/** The program as src/programs/provisioner/main.ts has it, with folders of a test's own. */
void run(() => {
  const { declaration, account } = JSON.parse(readFileSync(0, 'utf8')) as ProvisionerArgument;
  const kubernetes = KubernetesClient.inCluster(process.env, account);
  return provision(declaration, ownJob(), kubernetes, { log, mcProgram: program('mc') });
});
