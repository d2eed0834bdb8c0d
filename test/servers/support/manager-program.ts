import { KubeConfig } from '@kubernetes/client-node';
import type { ManagerSettings } from '../../../src/contract';
import { run } from '../../../src/programs/common/fail';
import { serve } from '../../../src/programs/common/http';
import { log } from '../../../src/programs/common/log';
import { Manager } from '../../../src/programs/manager/manager';

/** What the program has from its pod, and here from its one argument. */
export interface ManagerArgument {
  readonly settings: ManagerSettings;
  readonly secretsDir: string;
  readonly kubeconfig: Parameters<KubeConfig['loadFromOptions']>[0];
  readonly port: number;
}

/** The program as src/programs/manager/main.ts has it, with folders and a port of a test's own. */
void run(async () => {
  const { settings, secretsDir, kubeconfig, port } = JSON.parse(process.argv[2]) as ManagerArgument;
  const config = new KubeConfig();
  config.loadFromOptions(kubeconfig);
  const manager = await Manager.create({ settings, config, log, secretsDir });
  manager.start();
  await serve(manager.server, port);
  manager.stop();
});
