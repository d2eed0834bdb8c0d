import type { Cluster } from './cluster';
import type { KubernetesObject } from './objects';
import { declaration } from './provisioning';
import type { Scenario } from './scenario';
import { PLATFORM, SERVICES } from './steps';

interface Review {
  readonly status: {
    readonly resourceRules: readonly {
      readonly verbs: readonly string[];
      readonly apiGroups?: readonly string[];
      readonly resources?: readonly string[];
      readonly resourceNames?: readonly string[];
    }[];
  };
}

interface PodWithVolumes extends KubernetesObject {
  readonly spec: {
    readonly volumes?: readonly { readonly projected?: { readonly sources: readonly object[] } }[];
  };
}

const COMPONENT = 'app.kubernetes.io/component';

/** Accounts but the manager's, of which the steps beside these ask in detail: all that each may do, wherever. */
export function accountsMayNoMoreThanTheyDo(scenario: Scenario): void {
  const { cluster, step } = scenario;

  step(
    'the provisioner may make Secrets, read those of users, clear away its own Jobs, and replace pods of the store',
    async () => {
      const { users } = await declaration(cluster);
      const read = (within: string) =>
        users.flatMap(({ secret }) => (secret.namespace === within ? [`get secrets/${secret.name}`] : []));
      const account = `${PLATFORM}:oscar-provisioner`;
      const inPlatform = ['delete jobs.batch', 'get secrets/oscar-minio-root', 'list jobs.batch', 'list pods'];
      const ofStore = [0, 1, 2, 3].map((ordinal) => `delete pods/oscar-minio-${ordinal}`);
      expect(await rightsOf(cluster, account, PLATFORM)).toEqual(
        ['create secrets', 'get statefulsets.apps/oscar-minio', ...inPlatform, ...ofStore, ...read(PLATFORM)].sort(),
      );
      expect(await rightsOf(cluster, account, SERVICES)).toEqual(['create secrets', ...read(SERVICES)].sort());
      expect(await rightsOf(cluster, account, 'kube-system')).toEqual([]);
    },
  );

  step('no other account may do anything', async () => {
    const others: string[] = [];
    for (const namespace of [PLATFORM, SERVICES]) {
      const all = (await cluster.list('serviceaccounts', '-n', namespace)).map(({ metadata }) => metadata.name);
      others.push(
        ...all
          .filter((name) => !['oscar-manager', 'oscar-provisioner'].includes(name))
          .map((name) => `${namespace}:${name}`),
      );
    }
    expect(others).toEqual([`${PLATFORM}:default`, `${PLATFORM}:oscar-sweep`, `${SERVICES}:default`]);
    for (const account of others)
      for (const namespace of [PLATFORM, SERVICES, 'kube-system'])
        expect({ [account]: await rightsOf(cluster, account, namespace) }).toEqual({ [account]: [] });
  });

  step("only the manager's and the provisioner's pods are given a token of Kubernetes", async () => {
    const pods = [PLATFORM, SERVICES].map((namespace) => cluster.list<PodWithVolumes>('pods', '-n', namespace));
    const all = (await Promise.all(pods)).flat();
    const given = new Set(all.filter(hasToken).map(({ metadata }) => metadata.labels?.[COMPONENT]));
    expect(given).toContain('manager');
    // The provisioner's may be gone.
    expect(['manager', 'provisioner']).toEqual(expect.arrayContaining([...given]));
    expect(all.filter((pod) => !hasToken(pod)).length).toBeGreaterThan(4);
  });
}

/** What an account may do in a namespace beyond what any account may, each as `VERB RESOURCE.GROUP/NAME`. */
export async function rightsOf(cluster: Cluster, account: string, namespace: string): Promise<string[]> {
  const anybody = new Set(await review(cluster, 'default:oscar-e2e-nobody', namespace));
  return (await review(cluster, account, namespace)).filter((right) => !anybody.has(right)).sort();
}

/** As the API server tells an account of itself. */
async function review(cluster: Cluster, account: string, namespace: string): Promise<string[]> {
  const question = { apiVersion: 'authorization.k8s.io/v1', kind: 'SelfSubjectRulesReview', spec: { namespace } };
  const as = `--as=system:serviceaccount:${account}`;
  // To look at the question first, kubectl would list what it may not.
  const asked = ['create', '--validate=false', '-f', '-', '-o', 'json', as];
  const { status } = JSON.parse((await cluster.pipe(JSON.stringify(question), 'kubectl', asked)).stdout) as Review;
  return status.resourceRules.flatMap(({ verbs, apiGroups = [''], resources = [], resourceNames = [''] }) =>
    verbs.flatMap((verb) =>
      apiGroups.flatMap((group) =>
        resources.flatMap((resource) =>
          resourceNames.map((name) => `${verb} ${resource}${group && `.${group}`}${name && `/${name}`}`),
        ),
      ),
    ),
  );
}

const hasToken = ({ spec }: PodWithVolumes) =>
  (spec.volumes ?? []).some(({ projected }) => projected?.sources.some((source) => 'serviceAccountToken' in source));
