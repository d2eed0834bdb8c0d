import { keyPrefix, PLATFORM_STORE, ServiceDefinition, splitPath, StorageInput, takes } from '../../../contract';
import type { Services } from '../state/services';

interface Binding {
  readonly service: string;
  /** Of the key, with a `/` at its end, or empty. */
  readonly folder: string;
  readonly input: StorageInput;
}

/** Whom an upload is for. */
export interface Destination {
  /** Services that want it, each once, by name. */
  readonly services: readonly string[];
  /** A service is bound to a folder that it is in, whether or not its filters want the file. */
  readonly bound: boolean;
}

/** Which services are bound to which buckets and folders. */
export class Routing {
  private byBucket: ReadonlyMap<string, readonly Binding[]> | undefined;

  constructor(private readonly services: Services) {
    services.onChange(() => (this.byBucket = undefined));
  }

  destination(bucket: string, key: string): Destination {
    const inFolder = this.around(bucket, key);
    const wanted = inFolder.filter((binding) => wants(binding, key));
    return { services: [...new Set(wanted.map(({ service }) => service))].sort(), bound: inFolder.length > 0 };
  }

  /** `bucket/folder/` of each binding by which the service wants an object. */
  pathsOf(service: string, bucket: string, key: string): readonly string[] {
    const own = this.around(bucket, key).filter((binding) => binding.service === service && wants(binding, key));
    return own.map(({ folder }) => `${bucket}/${folder}`);
  }

  /** Bindings to folders that the object is in. */
  private around(bucket: string, key: string): readonly Binding[] {
    return (this.bindings.get(bucket) ?? []).filter(({ folder }) => key.startsWith(folder));
  }

  private get bindings(): ReadonlyMap<string, readonly Binding[]> {
    return (this.byBucket ??= bindingsOf(this.services.all));
  }
}

const wants = ({ folder, input }: Binding, key: string) => takes(input, key.slice(folder.length));

function bindingsOf(definitions: ReadonlyMap<string, ServiceDefinition>): Map<string, Binding[]> {
  const bindings = new Map<string, Binding[]>();
  for (const [service, definition] of definitions) {
    for (const input of definition.input) {
      if (input.storage_provider !== PLATFORM_STORE) continue;
      const { bucket, folder } = splitPath(input.path);
      const binding = { service, folder: keyPrefix(folder), input };
      for (const name of [bucket, ...userBuckets(bucket, definition)]) {
        const list = bindings.get(name);
        if (list) list.push(binding);
        else bindings.set(name, [binding]);
      }
    }
  }
  return bindings;
}

/** With `isolation_level: user`, each allowed user has a bucket `<bucket>-<user>`, as the supervisor has it. */
function userBuckets(bucket: string, { isolation_level: level, allowed_users: users }: ServiceDefinition): string[] {
  return level === 'user' ? users.map((user) => `${bucket}-${user}`) : [];
}
