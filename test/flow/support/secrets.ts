import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { Declaration, SETTINGS_KEY } from '../../../src/contract';
import type { Flow } from './flow';

export interface SecretValue {
  /** `namespace/name key`. */
  readonly at: string;
  readonly value: string;
}

/** All that the provisioner has generated, but for names of users, which are no secret. @throws when one is missing */
export async function generatedSecrets({ manifests, pods }: Flow): Promise<SecretValue[]> {
  const settings = manifests.ofKind('ConfigMap').filter(({ metadata }) => /^oscar-provisioner-/.test(metadata.name));
  const [declared] = settings.flatMap(({ data }) => (data as Record<string, string>)?.[SETTINGS_KEY] ?? []);
  const { secrets } = JSON.parse(declared) as Declaration;
  const keys = secrets.flatMap(({ namespace, name, data }) =>
    Object.entries(data).flatMap(([key, how]) => ('text' in how ? [] : [{ namespace, name, key }])),
  );
  return Promise.all(
    keys.map(async ({ namespace, name, key }) => ({
      at: `${namespace}/${name} ${key}`,
      value: await pods.secretValue(namespace, name, key),
    })),
  );
}

/**
 * What the platform wrote down: file → text, of the logs of all that ran and of the manifests.
 * @throws when the log of something that ran is missing
 */
export function writings({ folder, pods, executed }: Flow): Map<string, string> {
  const ran = executed.filter(({ event }) => event === 'started').map(({ job }) => job);
  const mustBe = ['oscar-manager-pod', 'oscar-minio-0', ...ran].map((name) => pods.logOf(name));
  const files = [
    ...mustBe,
    join(folder, 'runner.log'),
    ...filesIn(join(folder, 'logs')),
    ...filesIn(join(folder, 'dist')),
  ];
  return new Map(files.map((file) => [relative(folder, file), readFileSync(file, 'utf8')]));
}

/** Where a value stands, as it is or as a Secret has it. */
export function leaks(texts: ReadonlyMap<string, string>, secrets: readonly SecretValue[]): string[] {
  return secrets.flatMap(({ at, value }) =>
    [...texts]
      .filter(([, text]) => [value, Buffer.from(value).toString('base64')].some((form) => text.includes(form)))
      .map(([name]) => `${at} in ${name}`),
  );
}

function filesIn(folder: string): string[] {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}
