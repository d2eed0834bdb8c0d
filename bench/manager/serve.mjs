// The manager, as its program starts it; what a pod mounts comes as options.
import { KubeConfig } from '@kubernetes/client-node';
import { log } from '../../src/programs/common/log';
import { Manager } from '../../src/programs/manager/manager';
import { answer, options } from './program.mjs';

async function start({ settings, secretsDir, kubeconfig, podPort }) {
  const config = new KubeConfig();
  config.loadFromOptions(kubeconfig);
  const manager = await Manager.create({ settings, config, log, secretsDir, podPort });
  manager.start();
  await new Promise((listening) => manager.server.listen(0, '127.0.0.1', listening));
  return manager;
}

const manager = start(options());
answer({
  port: async () => (await manager).server.address().port,
  /** Why it isn't ready. */
  missing: async () => (await manager).missing,
  /** How many Jobs it knows. */
  jobs: async () => (await manager).cluster.jobs.count,
});
