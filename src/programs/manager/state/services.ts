import { load } from 'js-yaml';
import { DEFINITION_KEY, ServiceDefinition } from '../../../contract';
import type { Log } from '../../common/log';
import { misfit } from '../../common/shape';
import type { ConfigMap, PodTemplate, PodTemplateSpec } from '../kubernetes/objects';

/** A service, as its objects in the cluster declare it. */
export interface Service {
  readonly name: string;
  readonly definition: ServiceDefinition;
  /** Of its Jobs' pods. */
  readonly template: PodTemplateSpec;
}

/** What is known of the services: their definitions from ConfigMaps, and the templates of their Jobs. */
export class Services {
  private readonly definitions = new Map<string, ServiceDefinition>();
  private readonly templates = new Map<string, PodTemplateSpec>();
  private readonly listeners: ((name?: string) => void)[] = [];
  private isListed = false;

  constructor(private readonly log: Log) {}

  /** Whether all definitions are known: a service that is not among them is not declared. */
  get complete(): boolean {
    return this.isListed;
  }

  onListed = (): void => {
    this.isListed = true;
    for (const listener of this.listeners) listener();
  };

  /** A definition that can't be read is told, and the one before it stays. */
  onConfigMap = (name: string, configMap: ConfigMap | undefined): void => {
    const text = configMap?.data?.[DEFINITION_KEY];
    const definition = text === undefined ? undefined : parse(text, name);
    if (typeof definition === 'string') {
      this.log('error', `${DEFINITION_KEY} of the ConfigMap ${name} can't be read`, { reason: definition });
      return;
    }
    if (definition) this.definitions.set(name, definition);
    else this.definitions.delete(name);
    for (const listener of this.listeners) listener(name);
  };

  onPodTemplate = (name: string, podTemplate: PodTemplate | undefined): void => {
    if (podTemplate) this.templates.set(name, podTemplate.template);
    else this.templates.delete(name);
  };

  /** Undefined too for a service of which not all objects are there yet. */
  get(name: string): Service | undefined {
    const definition = this.definitions.get(name);
    const template = this.templates.get(name);
    return definition && template && { name, definition, template };
  }

  /** Definitions by service, in no order. */
  get all(): ReadonlyMap<string, ServiceDefinition> {
    return this.definitions;
  }

  /** Calls when a definition comes, changes or goes; without a name when all have been told. */
  onChange(listener: (name?: string) => void): void {
    this.listeners.push(listener);
  }
}

/** What is read of a definition. It may be another program's: one that lacks something must not end ours. */
const DEFINITION = {
  name: 'string',
  image: 'string',
  input: 'array',
  output: 'array',
  allowed_users: 'array',
  isolation_level: 'string',
  environment: {},
  labels: {},
  storage_providers: {},
  synchronous: { min_scale: 'number', max_scale: 'number' },
  job: { retries: 'number', deadlineSeconds: 'number', ttlSeconds: 'number' },
  invocation: { timeoutSeconds: 'number', maxInflight: 'number' },
} as const;
const PLACE = { storage_provider: 'string', path: 'string', prefix: 'array', suffix: 'array' } as const;

/** @returns what is wrong, as text */
function parse(text: string, name: string): ServiceDefinition | string {
  let value: unknown;
  try {
    value = load(text);
  } catch (error) {
    return (error as Error).message;
  }
  if ((value as { name?: unknown } | null)?.name !== name) return `it is no definition of a service ${name}`;
  return misfit(value, DEFINITION, '') ?? misfitInside(value as ServiceDefinition) ?? (value as ServiceDefinition);
}

function misfitInside({ input, output, allowed_users: users, job }: ServiceDefinition): string | undefined {
  const { concurrency = 1 } = job;
  if (!Number.isInteger(concurrency) || concurrency < 1)
    return '"job.concurrency" must be: a whole number of at least 1';
  for (const [field, places] of Object.entries({ input, output })) {
    for (const [index, place] of places.entries()) {
      const at = `${field}.${index}`;
      const problem =
        misfit(place, PLACE, at) ?? textsAt(place.prefix, `${at}.prefix`) ?? textsAt(place.suffix, `${at}.suffix`);
      if (problem) return problem;
    }
  }
  return textsAt(users, 'allowed_users');
}

function textsAt(list: readonly unknown[], at: string): string | undefined {
  return list.map((one, index) => misfit(one, 'string', `${at}.${index}`)).find((problem) => problem !== undefined);
}
