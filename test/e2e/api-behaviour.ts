import { holdsAs } from '../programs/manager/api-behaviour';
import type { ServerAt } from '../programs/manager/double';
import type { Scenario } from './scenario';

/** The namespace that it is tried in. */
export const API_BEHAVIOUR = 'api-behaviour';

interface KubeConfig {
  readonly clusters: readonly {
    readonly cluster: { readonly server: string; readonly 'certificate-authority-data': string };
  }[];
}

/** What `npm test` holds against its double of the API server, held against a real one: the double isn't made up. */
export function theApiServerIsAsItsDouble(scenario: Scenario): void {
  let server: ServerAt | undefined;

  afterAll(async () => {
    const { cluster } = scenario;
    await cluster.kubectl('delete', 'clusterrolebinding', API_BEHAVIOUR, '--ignore-not-found');
    await cluster.kubectl('delete', 'namespace', API_BEHAVIOUR, '--ignore-not-found', '--wait=false');
  });

  scenario.step('an account may do what the calls of the manager need made', async () => {
    const { cluster } = scenario;
    await cluster.kubectl('create', 'namespace', API_BEHAVIOUR);
    await cluster.kubectl('create', 'serviceaccount', '-n', API_BEHAVIOUR, 'tester');
    const binding = ['--clusterrole=cluster-admin', `--serviceaccount=${API_BEHAVIOUR}:tester`];
    await cluster.kubectl('create', 'clusterrolebinding', API_BEHAVIOUR, ...binding);
    const config = JSON.parse(
      await cluster.kubectl('config', 'view', '--raw', '--minify', '--flatten', '-o', 'json'),
    ) as KubeConfig;
    const { server: url, 'certificate-authority-data': ca } = config.clusters[0].cluster;
    const token = (await cluster.kubectl('create', 'token', '-n', API_BEHAVIOUR, 'tester')).trim();
    server = { url, token, ca: Buffer.from(ca, 'base64').toString('utf8'), namespace: API_BEHAVIOUR };
  });

  holdsAs(() => server!);
}
