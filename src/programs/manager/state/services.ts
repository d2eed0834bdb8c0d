import { load } from 'js-yaml';
import { DEFINITION_KEY, ServiceDefinition } from '../../../contract';
import type { Log } from '../../common/log';
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
  private readonly listeners: (() => void)[] = [];

  constructor(private readonly log: Log) {}

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
    for (const listener of this.listeners) listener();
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

  /** Calls when a definition comes, changes or goes. */
  onChange(listener: () => void): void {
    this.listeners.push(listener);
  }
}

/** @returns what is wrong, as text */
function parse(text: string, name: string): ServiceDefinition | string {
  try {
    const value = load(text) as Partial<ServiceDefinition> | null;
    if (value?.name !== name) return `it is no definition of a service ${name}`;
    const fits = Array.isArray(value.input) && value.job != null && value.invocation != null;
    return fits ? (value as ServiceDefinition) : 'it lacks "input", "job" or "invocation"';
  } catch (error) {
    return (error as Error).message;
  }
}
