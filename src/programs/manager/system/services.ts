import { SERVICE_LABEL, ServiceDefinition, StorageType } from '../../../contract';
import { HttpError, sendJson } from '../http/answer';
import type { Route } from '../http/route';
import type { SystemOptions } from './options';

/** Secrets that are read at the same time for a list. */
const AT_ONCE = 16;
/** As upstream names who made a service that no user did. */
const OWNER = 'cluster_admin';
/**
 * What clients look for in a provider, by type. The manager may not read it: a service's own keys are for the service.
 */
const UNTOLD: Readonly<Record<StorageType, Readonly<Record<string, string>>>> = {
  minio: { access_key: '', secret_key: '' },
  s3: { access_key: '', secret_key: '' },
  webdav: { password: '' },
  onedata: { token: '' },
};

/** What upstream tells of every service, as it tells it of one that doesn't ask for any of it. */
const NOTHING_OF_IT = {
  total_cpu: '',
  total_memory: '',
  alpine: false,
  enable_sgx: false,
  image_prefetch: false,
  delegation: '',
  rescheduler_threshold: 0,
  interlink_node_name: '',
  mount: { storage_provider: '', path: '' },
  volume_status: { enabled: false },
};
const NOT_EXPOSED = {
  min_scale: 0,
  max_scale: 0,
  cpu_threshold: 0,
  rewrite_target: false,
  nodePort: 0,
  default_command: false,
  set_auth: false,
  health_path: '/',
};

/** Reading services; and who tries to change them learns where that is done. */
export function serviceRoutes(options: SystemOptions): Route[] {
  const { services, settings } = options;
  const declared = () => {
    throw new HttpError(403, declaredIn(settings.environment));
  };
  return [
    {
      method: 'GET',
      path: '/system/services',
      access: 'admin',
      handle: async ({ response }) => {
        const all = [...services.all.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
        sendJson(response, await inTurns(all, (definition) => describe(definition, options)));
      },
    },
    {
      method: 'GET',
      path: '/system/services/:service',
      access: 'service',
      handle: async ({ response, parameters: { service } }) =>
        sendJson(response, await describe(definitionOf(services, service), options)),
    },
    { method: 'POST', path: '/system/services', access: 'admin', handle: declared },
    { method: 'PUT', path: '/system/services', access: 'admin', handle: declared },
    { method: 'DELETE', path: '/system/services', access: 'admin', handle: declared },
    { method: 'POST', path: '/system/services/:service', access: 'service', handle: declared },
    { method: 'PUT', path: '/system/services/:service', access: 'service', handle: declared },
    { method: 'DELETE', path: '/system/services/:service', access: 'service', handle: declared },
  ];
}

/** @throws HttpError 404 */
export function definitionOf(services: SystemOptions['services'], name: string): ServiceDefinition {
  const definition = services.all.get(name);
  if (!definition) throw new HttpError(404, `There is no service ${name}.`);
  return definition;
}

function declaredIn(environment: SystemOptions['settings']['environment']): string {
  const where = environment ? ` "${environment.name}" (its version now: ${environment.version})` : '';
  return `Services are declared in the environment${where}: change its definition there and apply it.`;
}

async function describe(definition: ServiceDefinition, { settings, tokens }: SystemOptions) {
  const { name, labels, storage_providers: providers, environment, expose, isolation_level } = definition;
  return {
    ...NOTHING_OF_IT,
    ...definition,
    // A service's secrets are not known here, not even by name.
    environment: { secrets: {}, ...environment },
    expose: { ...NOT_EXPOSED, ...expose },
    isolation_level: isolation_level.toUpperCase(),
    token: (await tokens.of(name).catch(() => undefined)) ?? '',
    labels: { ...labels, [SERVICE_LABEL]: name },
    storage_providers: providersOf(providers, settings),
    bucket_list: [],
    cluster_id: settings.name,
    namespace: settings.servicesNamespace,
    owner: OWNER,
  };
}

function providersOf(providers: ServiceDefinition['storage_providers'] = {}, { minio }: SystemOptions['settings']) {
  const known = { ...providers, minio: { default: minio, ...providers.minio } };
  const types = Object.entries(known) as [StorageType, Readonly<Record<string, object>>][];
  return Object.fromEntries(
    types.map(([type, ids]) => {
      const described = Object.entries(ids).map(([id, provider]) => [id, { ...provider, ...UNTOLD[type] }]);
      return [type, Object.fromEntries(described)];
    }),
  );
}

async function inTurns<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const done: R[] = [];
  let next = 0;
  const worker = async () => {
    while (next < items.length) {
      const index = next++;
      done[index] = await work(items[index]);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return done;
}
