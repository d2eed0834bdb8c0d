import { isMap, YamlMap } from './values';

/** Other names that FDL files use for a field; they mean the same, and are read as the first. */
const SPELLINGS: Readonly<Record<string, readonly string[]>> = {
  variables: ['Variables'],
  secrets: ['Secrets'],
  api_port: ['port'],
};

/** A field's other names. */
export const spellings = (field: string): readonly string[] =>
  Object.hasOwn(SPELLINGS, field) ? SPELLINGS[field]! : [];

/** A service's fields under the one name that each of them has here. */
export function withOneSpelling(service: YamlMap): YamlMap {
  const { environment, expose } = service;
  if (!isMap(environment) && !isMap(expose)) return service;
  return {
    ...service,
    ...(isMap(environment) ? { environment: renamed(renamed(environment, 'variables'), 'secrets') } : {}),
    ...(isMap(expose) ? { expose: renamed(expose, 'api_port') } : {}),
  };
}

/** Where both spellings stand, what the first says wins; maps are put together. */
function renamed(map: YamlMap, name: string): YamlMap {
  return spellings(name).reduce((result, spelling) => {
    if (!Object.hasOwn(result, spelling)) return result;
    const { [spelling]: value, ...rest } = result;
    if (!Object.hasOwn(rest, name) || rest[name] === null) return { ...rest, [name]: value };
    return isMap(value) && isMap(rest[name]) ? { ...rest, [name]: { ...value, ...rest[name] } } : rest;
  }, map);
}
