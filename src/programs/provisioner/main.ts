import { Declaration } from '../../contract';
import { run } from '../common/fail';
import { KubernetesClient } from '../common/kubernetes';
import { log } from '../common/log';
import { readSettings } from '../common/settings';
import { leftUndone } from './left-undone';
import { createMissingSecrets } from './secrets';

const DECLARATION = {
  platform: 'string',
  store: { endpoint: 'string', region: 'string', verify: 'boolean', external: 'boolean' },
  secrets: 'array',
  buckets: 'array',
  users: 'array',
} as const;

void run(async () => {
  const declaration = readSettings<Declaration>(DECLARATION);
  await createMissingSecrets(declaration.secrets, KubernetesClient.inCluster(), log);
  const left = leftUndone(declaration);
  for (const what of left) log('error', `not done: this provisioner makes no ${what} yet`);
  return left.length ? 1 : 0;
});
