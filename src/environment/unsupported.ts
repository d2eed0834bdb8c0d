import { FieldPath } from '../constructs/errors';
import { valueAt } from './issues';
import { Problem } from './report';
import { isMap, isNothing, YamlMap } from './values';

const ONE_CLUSTER = 'an environment is one platform on one cluster, and its services are not delegated to others';
const BY_SERVER = 'it is not written by users, but made by the server';

/** Fields that some version of FDL has and that do nothing here, with the reason. */
const UNSUPPORTED: readonly (readonly [field: FieldPath, reason: string])[] = [
  [['alpine'], 'the supervisor brings its own libraries and runs in every image'],
  [['cluster_id'], ONE_CLUSTER],
  [['clusters'], ONE_CLUSTER],
  [['delegation'], ONE_CLUSTER],
  [['federation'], ONE_CLUSTER],
  [['interlink_node_name'], 'there are no InterLink nodes; `node_selector` and `tolerations` choose nodes'],
  [['kserve'], 'models are not served through KServe here'],
  [['replicas'], ONE_CLUSTER],
  [['rescheduler_threshold'], ONE_CLUSTER],
  [['enable_sgx'], 'there is no SGX device plugin'],
  [['ephemeral_storage_request'], '`ephemeral_storage` is the limit, and the request with it'],
  [['token'], 'each service has a token of its own, made in the cluster'],
  [['owner'], BY_SERVER],
  [['bucket_list'], BY_SERVER],
  [['namespace'], BY_SERVER],
  [['volume_status'], BY_SERVER],
  [['expose', 'auth_type'], '`set_auth` is basic auth'],
  [['expose', 'probe_mode'], '`health_path` is asked from the container directly'],
  [['volume', 'lifecycle_policy'], 'what holds data is never removed with its service'],
];

/** The service without fields that do nothing here, and what to say of each. */
export function withoutUnsupported(service: YamlMap): { service: YamlMap; problems: Problem[] } {
  const present = UNSUPPORTED.filter(([field]) => !isNothing(valueAt(service, field)));
  const problems = present.map(([field, reason]): Problem => ({
    problem: `it does nothing here: ${reason}`,
    field,
    key: true,
    fix: 'leave it out',
  }));
  if (isMap(service['storage_providers'])) {
    const field = ['storage_providers'];
    present.push([field, '']);
    problems.push({
      problem: 'providers are not defined in a service',
      field,
      key: true,
      allowed: 'a list of `<type>.<id>`',
      fix: "define them in the environment's `storageProviders`, with the secrets by `secretName`",
    });
  }
  return { service: present.reduce((rest, [field]) => without(rest, field), service), problems };
}

/** A copy of `map` that lacks `field`. */
export function without(map: YamlMap, [key, ...rest]: FieldPath): YamlMap {
  const { [String(key)]: value, ...others } = map;
  if (!rest.length) return others;
  if (isMap(value)) return { ...map, [String(key)]: without(value, rest) };
  if (!Array.isArray(value)) return map;
  const elements = value.map((element, i) =>
    i === rest[0] && isMap(element) ? without(element, rest.slice(1)) : element,
  );
  return { ...map, [String(key)]: elements };
}
