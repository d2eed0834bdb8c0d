import { Declaration } from '../../contract';
import { run } from '../common/fail';
import { KubernetesClient } from '../common/kubernetes';
import { log } from '../common/log';
import { readSettings } from '../common/settings';
import { deleteOlderJobs, ownJob } from './older-jobs';
import { createMissingSecrets } from './secrets';

const DECLARATION = {
  platform: 'string',
  store: { endpoint: 'string', region: 'string', verify: 'boolean', external: 'boolean' },
  secrets: 'array',
  buckets: 'array',
  users: 'array',
  bindings: 'array',
} as const;

void run(async () => {
  const declaration = readSettings<Declaration>(DECLARATION);
  const kubernetes = KubernetesClient.inCluster();
  // First: whatever becomes of this run, an earlier declaration that is applied again has to run again.
  await deleteOlderJobs(declaration.platform, ownJob(), kubernetes, log);
  await createMissingSecrets(declaration.secrets, kubernetes, log);
  return 0;
});
