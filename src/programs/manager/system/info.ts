import { sendJson } from '../http/answer';
import type { Route } from '../http/route';
import type { KubernetesApi } from '../kubernetes/api';
import { VERSION } from '../version';
import { read } from './read';

/** What runs services here, by the name that clients are told. */
export const BACKEND = 'oscar-cdk8s';

/** A cluster is upgraded some times a year. */
const FRESH_MS = 10 * 60_000;
/** As Go names what Node names otherwise. */
const ARCHITECTURES: Readonly<Record<string, string>> = { x64: 'amd64', ia32: '386' };

export function infoRoute(api: Pick<KubernetesApi, 'call'>, now = () => performance.now()): Route {
  let known: { readonly version: string; readonly until: number } | undefined;
  const kubernetesVersion = async (): Promise<string> => {
    if (known && now() < known.until) return known.version;
    const found = await read<{ gitVersion?: string }>(api, '/version').catch(() => undefined);
    if (!found?.gitVersion) return known?.version ?? '';
    known = { version: found.gitVersion, until: now() + FRESH_MS };
    return known.version;
  };
  return {
    method: 'GET',
    path: '/system/info',
    access: 'admin',
    handle: async ({ response }) =>
      sendJson(response, {
        version: VERSION,
        // A bundle is the same bytes whichever commit it is made of, as long as its source is the same.
        git_commit: '',
        architecture: ARCHITECTURES[process.arch] ?? process.arch,
        kubernetes_version: await kubernetesVersion(),
        serverless_backend: { name: BACKEND, version: VERSION },
      }),
  };
}
