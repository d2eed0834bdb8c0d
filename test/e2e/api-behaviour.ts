import { holdsAs } from '../programs/manager/api-behaviour';
import type { ServerAt } from '../programs/manager/double';
import type { Scenario } from './scenario';

const NAMESPACE = 'api-behaviour';

interface KubeConfig {
  readonly clusters: readonly {
    readonly cluster: { readonly server: string; readonly 'certificate-authority-data': string };
  }[];
}

/** What `npm test` holds against its double of the API server, held against a real one: the double isn't made up. */
export function theApiServerIsAsItsDouble(scenario: Scenario): void {
  let server: ServerAt | undefined;

  scenario.step('an account may do what the calls of the manager need made', async () => {
    const { cluster } = scenario;
    await cluster.kubectl('create', 'namespace', NAMESPACE);
    await cluster.kubectl('create', 'serviceaccount', '-n', NAMESPACE, 'tester');
    const binding = ['--clusterrole=cluster-admin', `--serviceaccount=${NAMESPACE}:tester`];
    await cluster.kubectl('create', 'clusterrolebinding', NAMESPACE, ...binding);
    const config = JSON.parse(await cluster.kubectl('config', 'view', '--raw', '-o', 'json')) as KubeConfig;
    const { server: url, 'certificate-authority-data': ca } = config.clusters[0].cluster;
    const token = (await cluster.kubectl('create', 'token', '-n', NAMESPACE, 'tester')).trim();
    server = { url, token, ca: Buffer.from(ca, 'base64').toString('utf8'), namespace: NAMESPACE };
  });

  holdsAs(() => server!);
}
