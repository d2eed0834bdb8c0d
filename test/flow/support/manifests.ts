import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { loadAll } from 'js-yaml';
import type { PodSpec } from './pod-spec';

/** The suites are run from the package's folder. */
export const ROOT = process.cwd();
const FIXTURE = join(ROOT, 'test/flow/environments/flow.yaml');
const NAME = 'flow';

export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string; readonly labels?: Record<string, string> };
  readonly spec?: Readonly<Record<string, unknown>>;
  readonly [field: string]: unknown;
}

/** Pods of a Deployment and the like. */
export interface Workload {
  readonly template: { readonly metadata: { readonly labels: Record<string, string> }; readonly spec: PodSpec };
}

/** The fixture's environment as the command writes it, with something laid over it. */
export function synthesize(folder: string, overlay: object): Manifests {
  const environments = join(folder, 'environments');
  mkdirSync(environments, { recursive: true });
  const head = { apiVersion: 'oscar-cdk8s/v1', kind: 'Environment', name: NAME, version: '1.0.0' };
  const file = { ...head, extends: relative(environments, FIXTURE), ...overlay };
  // JSON is YAML.
  writeFileSync(join(environments, `${NAME}.yaml`), JSON.stringify(file));
  const [cli, out] = [join(ROOT, 'lib/src/cli/main.js'), join(folder, 'dist')];
  execFileSync(process.execPath, [cli, 'synth', NAME, '--environments', environments, '--outdir', out], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  return new Manifests(join(out, NAME));
}

/** What was synthesized. */
export class Manifests {
  readonly all: readonly Manifest[];

  constructor(folder: string) {
    const files = readdirSync(folder).filter((file) => file.endsWith('.yaml'));
    this.all = files.flatMap((file) => loadAll(readFileSync(join(folder, file), 'utf8')) as Manifest[]);
  }

  ofKind(kind: string): Manifest[] {
    return this.all.filter((object) => object.kind === kind);
  }

  /** @throws when there is none, or several */
  one(kind: string, name: RegExp): Manifest {
    const found = this.ofKind(kind).filter(({ metadata }) => name.test(metadata.name));
    if (found.length !== 1) throw new Error(`${found.length} of ${kind} ${name}`);
    return found[0];
  }

  /** `namespace/claim` → where it is on a node, of claims that name their volume. */
  get claims(): Record<string, string> {
    const paths = new Map(
      this.ofKind('PersistentVolume').map(({ metadata, spec }) => [
        metadata.name,
        (spec!.hostPath as { path: string }).path,
      ]),
    );
    return Object.fromEntries(
      this.ofKind('PersistentVolumeClaim').map(({ metadata, spec }) => [
        `${metadata.namespace}/${metadata.name}`,
        paths.get(spec!.volumeName as string)!,
      ]),
    );
  }
}
