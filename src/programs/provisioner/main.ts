import { Declaration } from '../../contract';
import { ProgramError, run } from '../common/fail';
import { KubernetesClient } from '../common/kubernetes';
import { log } from '../common/log';
import { readSettings } from '../common/settings';
import { endWhenTold } from './ending';
import { ownJob } from './older-jobs';
import { provision } from './provision';
import { sweep } from './sweep/sweep';

const DECLARATION = {
  platform: 'string',
  store: {
    endpoint: 'string',
    region: 'string',
    verify: 'boolean',
    external: 'boolean',
    credentials: { secretName: 'string', keys: { accessKey: 'string', secretKey: 'string' } },
  },
  secrets: 'array',
  buckets: 'array',
  users: 'array',
  bindings: 'array',
} as const;

/** Makes everything as declared; with the argument `sweep` it looks for uploads whose event was lost. */
void run(async () => {
  endWhenTold();
  const args = process.argv.slice(2);
  const isSweep = args.length === 1 && args[0] === 'sweep';
  if (args.length > 0 && !isSweep) {
    throw new ProgramError(`no such task: ${JSON.stringify(args)}. Allowed: none (it provisions), or "sweep"`);
  }
  const declaration = readSettings<Declaration>(DECLARATION);
  if (isSweep) return sweep(declaration);
  return provision(declaration, ownJob(), KubernetesClient.inCluster(), { log });
});
