import { MANAGER_PORT, ManagerSettings } from '../../contract';
import { run } from '../common/fail';
import { serve } from '../common/http';
import { log } from '../common/log';
import { readSettings } from '../common/settings';
import { handle } from './handle';

const SETTINGS = {
  name: 'string',
  namespace: 'string',
  servicesNamespace: 'string',
  minio: { endpoint: 'string', region: 'string', verify: 'boolean' },
  maxBodyBytes: 'number',
  idleSeconds: 'number',
  coldStartSeconds: 'number',
  corsOrigins: 'array',
} as const;

void run(async () => {
  const { name, servicesNamespace } = readSettings<ManagerSettings>(SETTINGS);
  log('info', 'manager', { name, servicesNamespace });
  await serve(handle, MANAGER_PORT, 0); // its pod has a preStop hook
});
