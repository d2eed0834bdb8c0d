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

  /** Of ConfigMaps. A definition that can't be read is told, and the one before it stays. */
  onConfigMap = (name: string, definition: ServiceDefinition | undefined): void => {
    if (definition) this.definitions.set(name, definition);
    else this.definitions.delete(name);
    for (const listener of this.listeners) listener();
  };

  onTemplate = (name: string, template: PodTemplateSpec | undefined): void => {
    if (template) this.templates.set(name, template);
    else this.templates.delete(name);
  };

  /** What a ConfigMap says; undefined when it is no service's, or broken. */
  definitionIn = ({ metadata: { name }, data }: ConfigMap): ServiceDefinition | undefined => {
    const text = data?.[DEFINITION_KEY];
    if (text === undefined) return undefined;
    const definition = parse(text);
    if (typeof definition !== 'string') return definition.name === name ? definition : undefined;
    this.log('error', `${DEFINITION_KEY} of the ConfigMap ${name} can't be read`, {
      service: name,
      reason: definition,
    });
    return this.definitions.get(name);
  };

  templateIn = ({ template }: PodTemplate): PodTemplateSpec => template;

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
function parse(text: string): ServiceDefinition | string {
  try {
    const value = load(text) as Partial<ServiceDefinition> | null;
    const fits =
      typeof value?.name === 'string' && Array.isArray(value.input) && value.job != null && value.invocation != null;
    return fits ? (value as ServiceDefinition) : 'it is no definition of a service';
  } catch (error) {
    return (error as Error).message;
  }
}
