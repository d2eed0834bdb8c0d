import { MANAGER_PORT, ManagerSettings } from '../../contract';
import { run } from '../common/fail';
import { serve } from '../common/http';
import { log } from '../common/log';
import { readSettings } from '../common/settings';
import { kubeConfig } from './kubernetes/config';
import { Manager } from './manager';

const SETTINGS = {
  name: 'string',
  namespace: 'string',
  servicesNamespace: 'string',
  minio: { endpoint: 'string', region: 'string', verify: 'boolean' },
  bodiesBucket: 'string',
  recordsBucket: 'string',
  maxBodyBytes: 'number',
  idleSeconds: 'number',
  coldStartSeconds: 'number',
  corsOrigins: 'array',
} as const;

void run(async () => {
  const settings = readSettings<ManagerSettings>(SETTINGS);
  const { name, servicesNamespace } = settings;
  log('info', 'manager', { name, servicesNamespace });
  const manager = await Manager.create({ settings, config: kubeConfig(), log });
  manager.start();
  await serve(manager.server, MANAGER_PORT);
  manager.stop();
});
