import { rightsOf } from './accounts';
import { documentedTable } from './documented';
import { declaration } from './provisioning';
import type { Scenario } from './scenario';
import { PLATFORM, SERVICES } from './steps';

/** Namespace, and what `kubectl auth can-i` is asked. */
type Rights = readonly (readonly [namespace: string, ...question: string[]])[];

const ALLOWED: Rights = [
  [SERVICES, 'list', 'configmaps'],
  [SERVICES, 'watch', 'podtemplates'],
  [SERVICES, 'watch', 'deployments'],
  [SERVICES, 'watch', 'pods'],
  [SERVICES, 'get', 'pods', '--subresource=log'],
  [SERVICES, 'create', 'jobs'],
  [SERVICES, 'watch', 'jobs'],
  [SERVICES, 'patch', 'jobs'],
  [SERVICES, 'delete', 'jobs'],
  [SERVICES, 'deletecollection', 'jobs'],
  [SERVICES, 'patch', 'deployments', '--subresource=scale'],
  [SERVICES, 'get', 'secret/cowsay-token'],
  [PLATFORM, 'create', 'events'],
  [PLATFORM, 'list', 'events'],
  [PLATFORM, 'get', 'deployment/oscar-manager'],
  [PLATFORM, 'list', 'nodes'],
  [PLATFORM, 'list', 'nodes.metrics.k8s.io'],
];

const REFUSED: Rights = [
  [SERVICES, 'list', 'secrets'],
  [SERVICES, 'watch', 'secrets'],
  [SERVICES, 'get', 'secret/cowsay-minio'],
  [SERVICES, 'update', 'secret/cowsay-token'],
  [SERVICES, 'create', 'secrets'],
  [SERVICES, 'create', 'pods'],
  [SERVICES, 'delete', 'pods'],
  [SERVICES, 'create', 'pods', '--subresource=exec'],
  [SERVICES, 'create', 'deployments'],
  [SERVICES, 'patch', 'deployments'],
  [SERVICES, 'delete', 'deployments'],
  [SERVICES, 'update', 'configmaps'],
  [SERVICES, 'create', 'podtemplates'],
  [SERVICES, 'create', 'events'],
  [SERVICES, 'create', 'serviceaccounts', '--subresource=token'],
  [PLATFORM, 'get', 'secret/oscar-admin'],
  [PLATFORM, 'get', 'secret/oscar-minio-root'],
  [PLATFORM, 'get', 'secret/oscar-sweep'],
  [PLATFORM, 'list', 'secrets'],
  [PLATFORM, 'create', 'jobs'],
  [PLATFORM, 'create', 'pods'],
  [PLATFORM, 'list', 'pods'],
  [PLATFORM, 'patch', 'deployment/oscar-manager'],
  [PLATFORM, 'get', 'deployment/another'],
  [PLATFORM, 'delete', 'events'],
  [PLATFORM, 'delete', 'nodes'],
  [PLATFORM, 'patch', 'nodes'],
  ['default', 'create', 'jobs'],
  ['kube-system', 'list', 'secrets'],
  ['kube-system', 'list', 'pods'],
];

/** As the API server judges them, of what the manager is: it may do what it does, and nothing that would lead on. */
export function theManagerMayNoMoreThanItDoes(scenario: Scenario): void {
  scenario.step('the manager may do what it does, and no more', async () => {
    const as = `--as=system:serviceaccount:${PLATFORM}:oscar-manager`;
    const asked = [...ALLOWED, ...REFUSED];
    const answers: boolean[] = [];
    for (const [namespace, ...question] of asked) {
      const { output } = await scenario.cluster.tryKubectl('auth', 'can-i', '-n', namespace, as, ...question);
      // Whatever else it says, no answer is neither.
      const [answer] = /^(yes|no)\b/m.exec(output) ?? [];
      if (answer === undefined) throw new Error(`${question.join(' ')}: ${output}`);
      answers.push(answer === 'yes');
    }
    const allowed = asked.filter((_, index) => answers[index]).map((right) => right.join(' '));
    expect(allowed).toEqual(ALLOWED.map((right) => right.join(' ')));
  });
}

const TABLE = documentedTable('What the manager may do in Kubernetes, right by right', 'SECURITY');
const IN_SERVICES = "services' namespace";
const IN_PLATFORM = "platform's namespace";
const IN_CLUSTER = 'cluster';

/** Of each right that the API server knows the manager to have, the documentation tells; and of no other. */
export function theManagersRightsAreAsDocumented(scenario: Scenario): void {
  scenario.step('the manager has the rights that are documented, and no other', async () => {
    const { cluster } = scenario;
    const { secrets } = await declaration(cluster);
    const tokens = secrets.filter(({ namespace, name }) => namespace === SERVICES && name.endsWith('-token'));
    expect(tokens.length).toBeGreaterThan(4);
    const documented = (...places: string[]) =>
      rightsIn(
        places,
        tokens.map(({ name }) => name),
      ).sort();
    const account = `${PLATFORM}:oscar-manager`;
    expect(await rightsOf(cluster, account, SERVICES)).toEqual(documented(IN_SERVICES, IN_CLUSTER));
    expect(await rightsOf(cluster, account, PLATFORM)).toEqual(documented(IN_PLATFORM, IN_CLUSTER));
    expect(await rightsOf(cluster, account, 'kube-system')).toEqual(documented(IN_CLUSTER));
  });
}

/** Those of the table, as `rightsOf` tells of them. @param tokens what `<service>-token` stands for */
function rightsIn(places: readonly string[], tokens: readonly string[]): string[] {
  return [...TABLE].flatMap(([what, { may, where }]) => {
    expect([IN_SERVICES, IN_PLATFORM, IN_CLUSTER]).toContain(where);
    if (!places.includes(where)) return [];
    const named = [...what.matchAll(/`(.*?)`/g)].map(([, name]) => name);
    const each = named.flatMap((name) =>
      name.includes('<service>-token') ? tokens.map((token) => name.replace('<service>-token', token)) : [name],
    );
    return may.split(', ').flatMap((verb) => each.map((one) => `${verb} ${one}`));
  });
}
