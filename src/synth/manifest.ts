import { DeclarationError } from '../constructs/errors';
import type { ObjectReference } from './objects';

/** Lists what a synthesis wrote. Beside the manifests, so that it is committed and reviewed with them. */
export const MANIFEST_FILE = 'manifest.json';

export interface ManifestEntry {
  readonly file: string;
  /** Of the file's bytes, in hex. */
  readonly sha256: string;
  /** In the order in which they stand in the file. */
  readonly objects: readonly ObjectReference[];
}

export interface Manifest {
  /** `oscar-cdk8s/<version>` */
  readonly generator: string;
  readonly environment: string;
  readonly version: string;
  /** By file name. */
  readonly files: readonly ManifestEntry[];
}

/**
 * The manifest's text: one line an object, so that a change reads as one. `kubectl apply -f <folder>` reads every
 * `.json` there as well, so it is a Kubernetes List without items, which kubectl takes and does nothing about.
 */
export function manifestText({ generator, environment, version, files }: Manifest): string {
  const head = { apiVersion: 'v1', kind: 'List', metadata: {}, items: [], generator, environment, version };
  const entries = files.map(({ file, sha256, objects }) => {
    const lines = objects.map((object) => `        ${JSON.stringify(object)}`).join(',\n');
    return `    {\n      "file": ${JSON.stringify(file)},\n      "sha256": "${sha256}",\n      "objects": [\n${lines}\n      ]\n    }`;
  });
  return `${JSON.stringify(head, null, 2).replace(/\n}$/, '')},\n  "files": [\n${entries.join(',\n')}\n  ]\n}\n`;
}

/** A file's name, never a path: what is deleted can't be led out of the folder. */
const FILE_NAME = /^[a-z0-9][a-z0-9.-]*$/;

/**
 * Names of the files that a manifest lists, itself included.
 *
 * Throws `DeclarationError` when it is no manifest of ours.
 */
export function filesNamedIn(text: string, path: string): Set<string> {
  const manifest = parsed(text);
  const files = manifest?.files;
  if (!Array.isArray(files) || !String(manifest?.generator).startsWith('oscar-cdk8s/')) {
    throw new DeclarationError({
      problem: `${path} was not written by oscar-cdk8s, so its folder is not touched`,
      fix: 'move the folder away, or choose another --outdir',
    });
  }
  const names = files.map((entry) => String((entry as Partial<ManifestEntry> | null)?.file));
  return new Set([...names.filter((name) => FILE_NAME.test(name)), MANIFEST_FILE]);
}

function parsed(text: string): Partial<Manifest> | undefined {
  try {
    return JSON.parse(text) ?? undefined;
  } catch {
    return undefined;
  }
}
