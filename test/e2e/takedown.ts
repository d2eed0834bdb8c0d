import { ENVIRONMENT_LABEL, KEEP_LABEL } from '../../src/contract';
import { ON_NODES } from './cleaning';
import { Cluster, eventually } from './cluster';
import { removalOnNodes, takedown } from './documented';
import { frame } from './examples';
import { hasResults, isProcessed, jobsOf } from './jobs';
import { measured } from './manager';
import type { KubernetesObject } from './objects';
import { isAsItWas } from './outage';
import type { Scenario } from './scenario';
import { PLATFORM, SERVICES } from './steps';
import { Store } from './store';
import { nobodyElseSweeps, sweep } from './sweeps';
import { thePlatformIsUp } from './up';

const SERVICE = 'find-objects';
/** What Kubernetes itself puts into each namespace, and what it only tells. */
const KUBERNETES_OWN = /^(ServiceAccount\/default|ConfigMap\/kube-root-ca\.crt|(Event|PodMetrics)\/.*)$/;
/** What the test has put there for a service's results. */
const OF_THE_TEST = /^Secret\/(s3-results|webdav-dcache)$/;

/** All but the data goes, by what docs/APPLY.md says; applied again, all is as it was, and nothing is done twice. */
export function takenDownItLeavesTheData(scenario: Scenario, environment: string): void {
  const before = frame('before it was taken down');
  const after = frame('after it was put up again');

  scenario.step(
    'taken down, nothing is left but the data',
    async () => {
      const { cluster } = scenario;
      await isProcessed(cluster, SERVICE, before);
      const began = performance.now();
      for (const deletion of takedown(environment)) await cluster.kubectl(...deletion);
      measured('taken down within', began);
      // What others own is collected a while later.
      const left = await eventually('nothing else is left', 120, async () => {
        const namespaces = [PLATFORM, SERVICES].map((namespace) => everythingIn(cluster, namespace));
        const all = (await Promise.all(namespaces)).flat();
        expect(all.filter((object) => !isKept(object)).map(nameOf)).toEqual([]);
        return all.map(nameOf);
      });
      expect(left).toContain('Secret/oscar-minio-root');
      const claims = left.filter((what) => what.startsWith('PersistentVolumeClaim/'));
      expect(claims.filter((claim) => !/\/data-oscar-minio-\d$/.test(claim))).toEqual([]);
      expect(claims.length).toBeGreaterThan(0);
      const namespaces = [`Namespace/${PLATFORM}`, `Namespace/${SERVICES}`];
      expect(await clusterWide(cluster, environment)).toEqual(namespaces);
      const applied = await cluster.list('-f', scenario.folder, '--ignore-not-found');
      expect(applied.map(nameOf)).toEqual(namespaces);
    },
    420,
  );

  scenario.machineStep('what is left on the nodes is removed there, as documented', async () => {
    const { cluster } = scenario;
    const versions = ['find', ON_NODES, '-mindepth', '3', '-maxdepth', '3'];
    for (let node = 1; node <= (await cluster.nodes()).length; node++) {
      expect(await cluster.machines.onNode(node, ...versions)).not.toBe('');
      await cluster.machines.onNode(node, 'sh', '-c', removalOnNodes());
      expect(await cluster.machines.onNode(node, ...versions)).toBe('');
    }
  });

  scenario.step('applied again', async () => {
    await scenario.cluster.kubectl('apply', '--server-side', '-f', scenario.folder);
  });
  thePlatformIsUp(scenario);
  nobodyElseSweeps(scenario);

  scenario.step(
    'it finds the data, does nothing twice, and goes on',
    async () => {
      const { cluster } = scenario;
      await hasResults(await Store.of(cluster), before);
      expect(await sweep(cluster)).toMatchObject({ stored: 0, underWay: 0, failed: 0, left: 0 });
      expect(await jobsOf(cluster, SERVICE)).toEqual([]);
      await isAsItWas(cluster);
      await isProcessed(cluster, SERVICE, after);
    },
    300,
  );
}

/** `Kind/name` of all that an environment has made outside of namespaces. */
async function clusterWide(cluster: Cluster, environment: string): Promise<string[]> {
  const kinds = await cluster.kubectl('api-resources', '--namespaced=false', '--verbs=list', '-o', 'name');
  const label = `${ENVIRONMENT_LABEL}=${environment}`;
  const objects = await cluster.list<KubernetesObject>(kinds.trim().replace(/\n/g, ','), '-l', label);
  return objects.map(nameOf).sort();
}

const nameOf = ({ kind, metadata }: KubernetesObject) => `${kind}/${metadata.name}`;

/** Holds data, and says so to whoever removes what is no longer declared. */
const isKept = ({ kind, metadata }: KubernetesObject) =>
  ['Secret', 'PersistentVolumeClaim'].includes(kind) && metadata.labels?.[KEEP_LABEL] === 'true';

/** All that can be listed, but what neither the platform made nor Kubernetes for it. */
async function everythingIn(cluster: Cluster, namespace: string): Promise<KubernetesObject[]> {
  const kinds = await cluster.kubectl('api-resources', '--namespaced', '--verbs=list', '-o', 'name');
  const objects = await cluster.list<KubernetesObject>(kinds.trim().replace(/\n/g, ','), '-n', namespace);
  const isOfOthers = (what: string) => KUBERNETES_OWN.test(what) || OF_THE_TEST.test(what);
  return objects.filter((object) => !object.metadata.deletionTimestamp && !isOfOthers(nameOf(object)));
}
