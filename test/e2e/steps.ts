import { setTimeout as sleep } from 'node:timers/promises';
import { isFree } from './cleaning';
import { Cluster, eventually } from './cluster';
import type { KubernetesObject, Secret } from './objects';
import type { Scenario } from './scenario';

export const PLATFORM = 'oscar';
export const SERVICES = 'oscar-svc';
export const EVERY_SERVICE = 'oscar_service';

/** The documented way, into an empty cluster and once more: silent, and the second time nothing is written. */
export function appliesTwice(scenario: Scenario): void {
  const { step, folder } = scenario;
  const apply = async () => {
    const { stderr } = await scenario.cluster.kubectlOutput('apply', '--server-side', '-f', folder);
    expect(stderr).toBe('');
  };

  step('an empty cluster takes it without a warning', apply);

  step('a second platform would be refused', async () => {
    await expect(isFree(scenario.cluster)).rejects.toThrow('has a platform already');
  });

  step('applied again, nothing is written', async () => {
    const before = await applied(scenario.cluster, folder);
    expect(before.size).toBeGreaterThan(20);
    await sleep(1100); // managed fields tell the second in which they were written
    await apply();
    expect(await applied(scenario.cluster, folder)).toEqual(before);
  });

  step('`kubectl diff` is empty', async () => {
    // It shows also what controllers write between its two questions about an object: a difference of ours stays.
    await eventually('it is', 60, async () => {
      expect(await scenario.cluster.kubectl('diff', '--server-side', '-f', folder)).toBe('');
    });
  });
}

/** What an apply leaves behind in each object: the fields that the applier owns, and when it last wrote anything. */
async function applied(cluster: Cluster, folder: string): Promise<Map<string, unknown>> {
  const objects = await cluster.list('--show-managed-fields', '-f', folder);
  return new Map(
    objects.map(({ kind, metadata: { namespace = '', name, managedFields = [] } }: KubernetesObject) => [
      `${kind} ${namespace}/${name}`,
      managedFields.filter(({ operation }) => operation === 'Apply'),
    ]),
  );
}

/** Both namespaces refuse what their level forbids, and the services' one takes what users' images need. */
export function podSecurityIsEnforced(scenario: Scenario): void {
  const tryPod = (namespace: string, security: object) => {
    const container = { name: 'a', image: 'busybox', securityContext: security };
    const overrides = JSON.stringify({ apiVersion: 'v1', spec: { containers: [container] } });
    const run = ['run', 'a', '--image=busybox', '--restart=Never', '--dry-run=server', `--overrides=${overrides}`];
    return scenario.cluster.tryKubectl('-n', namespace, ...run);
  };
  const NON_ROOT = {
    allowPrivilegeEscalation: false,
    capabilities: { drop: ['ALL'] },
    runAsNonRoot: true,
    runAsUser: 65532,
    seccompProfile: { type: 'RuntimeDefault' },
  };

  scenario.step('Pod Security is enforced in both namespaces', async () => {
    expect(await tryPod(PLATFORM, NON_ROOT)).toMatchObject({ code: 0 });
    const root = await tryPod(PLATFORM, { runAsUser: 0 });
    expect(root).toMatchObject({
      code: 1,
      output: expect.stringContaining('violates PodSecurity "restricted:latest"'),
    });
    expect(await tryPod(SERVICES, { runAsUser: 0 })).toMatchObject({ code: 0 });
    const privileged = await tryPod(SERVICES, { privileged: true });
    expect(privileged).toMatchObject({ code: 1, output: expect.stringContaining('PodSecurity "baseline:latest"') });
  });
}

/** The platform's Secrets and those of a service, made in the cluster, and never made again. */
export function secretsAreGenerated(scenario: Scenario, service: string): void {
  const declared: [namespace: string, name: string, keys: string[]][] = [
    [PLATFORM, 'oscar-admin', ['password', 'username']],
    [PLATFORM, 'oscar-minio-root', ['rootPassword', 'rootUser']],
    [PLATFORM, 'oscar-webhook', ['token']],
    [PLATFORM, 'oscar-sweep', ['accessKey', 'secretKey']],
    [SERVICES, `${service}-token`, ['auth', 'token']],
    [SERVICES, `${service}-minio`, ['accessKey', 'secretKey']],
  ];

  scenario.step('secrets are generated', async () => {
    for (const [namespace, name, keys] of declared) {
      await scenario.cluster.kubectl('wait', '--for=create', '--timeout=120s', '-n', namespace, `secret/${name}`);
      const { data } = await scenario.cluster.get<Secret>('secret', '-n', namespace, name);
      expect(Object.keys(data).sort()).toEqual(keys);
    }
  });
}

/** Everything in the platform's namespace, and what brings the supervisor and images to the nodes. */
export function thePlatformIsReady(scenario: Scenario): void {
  scenario.step('the platform is ready', () => waitUntilReady(scenario.cluster, 240), 300);
}

/** @throws when a part of the platform is not ready in time. */
export async function waitUntilReady(cluster: Cluster, seconds: number): Promise<void> {
  await rolledOut(cluster, PLATFORM, await cluster.list('deployments,statefulsets', '-n', PLATFORM), seconds);
  await rolledOut(cluster, SERVICES, await cluster.list('daemonsets', '-n', SERVICES), seconds);
}

/** @throws when one of them isn't in time. */
export async function rolledOut(
  cluster: Cluster,
  namespace: string,
  workloads: readonly KubernetesObject[],
  seconds: number,
): Promise<void> {
  const names = workloads.map(({ kind, metadata }) => `${kind}/${metadata.name}`);
  if (names.length) await cluster.kubectl('rollout', 'status', '-n', namespace, ...names, `--timeout=${seconds}s`);
}
