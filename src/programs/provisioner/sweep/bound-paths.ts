import { BindingDeclaration, keyPrefix, splitPath, takes } from '../../../contract';

/** A folder that a service waits for uploads in. */
export interface BoundPath {
  readonly service: string;
  /** As it is declared: its record is named by it. */
  readonly path: string;
  readonly bucket: string;
  /** Of the keys in it: with a `/` at its end, or empty. */
  readonly folder: string;
  /** Whether the service wants the object of this key. */
  readonly wants: (key: string) => boolean;
}

/**
 * Each service's folders. Inputs of one folder that differ by their filters have one record, and so are one here: judged
 * one by one, the first whose uploads are done with would move the record past those of the other.
 */
export function boundPaths(bindings: readonly BindingDeclaration[]): ReadonlyMap<string, readonly BoundPath[]> {
  const services = new Map<string, Map<string, BindingDeclaration[]>>();
  for (const binding of bindings) {
    const paths = services.get(binding.service) ?? new Map<string, BindingDeclaration[]>();
    services.set(binding.service, paths.set(binding.path, [...(paths.get(binding.path) ?? []), binding]));
  }
  const boundPathsOf = (paths: ReadonlyMap<string, readonly BindingDeclaration[]>) =>
    [...paths.values()].map(boundPath);
  return new Map([...services].map(([service, paths]) => [service, boundPathsOf(paths)]));
}

function boundPath(inputs: readonly BindingDeclaration[]): BoundPath {
  const { service, path } = inputs[0];
  const { bucket, folder: name } = splitPath(path);
  const folder = keyPrefix(name);
  const wants = (key: string) => !key.endsWith('/') && inputs.some((input) => takes(input, key.slice(folder.length)));
  return { service, path, bucket, folder, wants };
}
