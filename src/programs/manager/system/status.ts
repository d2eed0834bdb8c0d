import { managerName } from '../../../contract';
import { sendJson } from '../http/answer';
import type { Route } from '../http/route';
import type { Deployment } from '../kubernetes/objects';
import { JOB_STATUSES } from '../state/jobs';
import { clusterStatus } from './nodes';
import type { SystemOptions } from './options';
import { read } from './read';
import { storeUsage } from './store-usage';

/** How the cluster, the manager and the store are. What can't be found out is 0, and the rest is told. */
export function statusRoute(options: SystemOptions): Route {
  const { api, settings, secrets } = options;
  return {
    method: 'GET',
    path: '/system/status',
    access: 'admin',
    handle: async ({ response }) => {
      const [cluster, oscar, minio] = await Promise.all([
        clusterStatus(api),
        oscarStatus(options),
        storeUsage(settings.minio, secrets),
      ]);
      sendJson(response, { cluster, oscar, minio });
    },
  };
}

async function oscarStatus({ api, settings, jobs, services, warmPods }: SystemOptions) {
  const name = managerName(settings.name);
  const path = `/apis/apps/v1/namespaces/${settings.namespace}/deployments/${name}`;
  const found = await read<Deployment>(api, path).catch(() => undefined);
  const { readyReplicas = 0, availableReplicas = 0, replicas = 0 } = found?.status ?? {};
  return {
    deployment_name: name,
    ready: readyReplicas > 0,
    deployment: {
      available_replicas: availableReplicas,
      ready_replicas: readyReplicas,
      replicas,
      creation_timestamp: found?.metadata.creationTimestamp ?? null,
      strategy: found?.spec?.strategy?.type ?? '',
      labels: found?.metadata.labels ?? {},
    },
    jobs_count: jobs.count,
    pods: podsOf({ jobs, services, warmPods }),
    oidc: { enabled: false, issuers: [], groups: [] },
  };
}

/** By what the manager watches anyway: a Job's pod is as far as its Job. To list all pods would cost the API server much. */
function podsOf({ jobs, services, warmPods }: Pick<SystemOptions, 'jobs' | 'services' | 'warmPods'>) {
  const states = { Pending: 0, Running: 0, Succeeded: 0, Failed: 0 };
  for (const [, counts] of jobs.counts()) for (const status of JOB_STATUSES) states[status] += counts[status];
  for (const service of services.all.keys()) {
    for (const { ready } of warmPods.of(service)) states[ready ? 'Running' : 'Pending']++;
  }
  const total = Object.values(states).reduce((sum, count) => sum + count, 0);
  return { total, states };
}
