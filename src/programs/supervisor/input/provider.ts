import type { StorageType } from '../../../contract';
import type { Definition } from '../definition';
import { InvocationError } from '../failure';
import type { EventObject } from './input';

type Binding = Definition['input'][number];

/** Where an object is to be fetched from. */
export interface ObjectPlace {
  /** `<type>.<id>`, e.g. `minio.default`. */
  readonly provider: string;
  /** As `Storage` takes it. */
  readonly path: string;
}

/** Id that upstream gives dCache where it has to guess. */
const DCACHE = 'dcache';

/**
 * Finds the provider of an event's object: the wrapper's; else that of the service's own input which the object is in;
 * else the type's `default`.
 * @throws InvocationError (`configuration`) when the service's inputs don't tell where the object is.
 */
export function providerOf(object: EventObject, definition: Definition): ObjectPlace {
  const inputs = definition.input.filter(({ storage_provider }) => storage_provider.startsWith(`${object.type}.`));
  if (object.type === 'onedata') return onedataPlace(object, definition, inputs);
  if (object.inFolder) return folderPlace(object, inputs);
  const input = inputs.find(({ path }) => covers(path, object.path)) ?? anyWebdav(inputs);
  const provider = named(object) ?? input?.storage_provider ?? byDefault(object.type);
  return { provider, path: object.type === 'webdav' ? trimmed(object.path) : object.path };
}

/** Of objects on WebDAV, whose event doesn't tell a server's address. */
function anyWebdav(inputs: readonly Binding[]): Binding | undefined {
  const webdav = inputs.filter(({ storage_provider }) => storage_provider.startsWith('webdav.'));
  return webdav.find(({ storage_provider }) => storage_provider === `webdav.${DCACHE}`) ?? webdav[0];
}

function folderPlace(object: EventObject, inputs: readonly Binding[]): ObjectPlace {
  const provider = named(object);
  const input = anyWebdav(inputs.filter(({ storage_provider }) => !provider || storage_provider === provider));
  if (!input) {
    throw new InvocationError(
      'configuration',
      `the event tells a file's name ("${object.name}") and no folder, and no input of the service is on ` +
        `${provider ?? 'WebDAV'}. Fix: give the service an input there, with the folder that is watched as its path`,
    );
  }
  const folder = trimmed(input.path);
  return { provider: input.storage_provider, path: folder === '' ? object.path : `${folder}/${object.path}` };
}

function onedataPlace(object: EventObject, definition: Definition, inputs: readonly Binding[]): ObjectPlace {
  const [space, ...path] = object.path.split('/');
  const input = inputs.find(({ storage_provider }) => spaceOf(storage_provider, definition) === space);
  const provider = named(object) ?? input?.storage_provider ?? byDefault('onedata');
  const known = spaceOf(provider, definition);
  if (known !== undefined && known !== space) {
    throw new InvocationError(
      'configuration',
      `the event is of Onedata's space "${space}", and ${provider} of space "${known}". ` +
        `Fix: give the service an input on a provider of that space`,
    );
  }
  return { provider, path: path.join('/') };
}

function spaceOf(provider: string, { providers }: Definition): string | undefined {
  const id = provider.slice(provider.indexOf('.') + 1);
  const onedata = Object.hasOwn(providers, 'onedata') ? providers.onedata : {};
  const space = Object.hasOwn(onedata, id) ? onedata[id].space : undefined;
  return typeof space === 'string' ? space : undefined;
}

const named = ({ type, providerId }: EventObject) => (providerId === undefined ? undefined : `${type}.${providerId}`);
const byDefault = (type: StorageType) => `${type}.default`;
const trimmed = (path: string) => path.replace(/^\/+|\/+$/g, '');

/** Whether an object lies in a folder. Keys may begin with slashes of their own, after the bucket. */
function covers(folder: string, path: string): boolean {
  const prefix = trimmed(folder);
  return prefix === '' || path.replace(/^\/+/, '').startsWith(`${prefix}/`);
}
