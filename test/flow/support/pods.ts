import type { ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Bind, startContainer } from './container';
import type { ContainerSpec, PodIdentity, Source, Variable, Volume } from './pod-spec';

type Files = Readonly<Record<string, Buffer>>;

/** An object's values as the API has them: `data` of a ConfigMap is text, all else base64. */
export interface KeyedObject {
  readonly data?: Readonly<Record<string, string>>;
  readonly binaryData?: Readonly<Record<string, string>>;
}
/** @returns undefined when it isn't there */
export type Read = (kind: 'ConfigMap' | 'Secret', namespace: string, name: string) => Promise<KeyedObject | undefined>;

/** What a node knows, besides the API. */
export interface NodeSettings {
  /** Where it keeps volumes, logs and the rest. */
  readonly folder: string;
  /** `namespace/claim` → its folder. */
  readonly claims: Readonly<Record<string, string>>;
  /** Of a ServiceAccount: `ca.crt`, `token`, `namespace`. */
  readonly account: string;
  readonly api: { readonly host: string; readonly port: number };
  /** Folder with `minio` and `mc`, which stand for their images. */
  readonly programs: string;
}

/** Something that a pod needs is not there yet: the kubelet would wait for it. */
export class NotYet extends Error {}

const ACCOUNT_DIR = '/var/run/secrets/kubernetes.io/serviceaccount';
const NODE_NAME = 'node-1';
const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** Makes processes of pods, by what their manifests say: environment, files, mounts, command. */
export class Pods {
  constructor(
    private readonly node: NodeSettings,
    private readonly read: Read,
  ) {
    for (const name of ['volumes', 'pods', 'logs']) mkdirSync(join(node.folder, name), { recursive: true });
  }

  logOf(pod: string): string {
    return join(this.node.folder, 'logs', `${pod}.log`);
  }

  /** Its volumes; its init containers run to their end. @throws NotYet */
  async prepare(identity: PodIdentity): Promise<Pod> {
    const { namespace, spec } = identity;
    const own = mkdtempSync(join(this.node.folder, 'pods', 'pod-'));
    const entries = (spec.volumes ?? []).map(async (volume) => [
      volume.name,
      await this.volume(namespace, volume, own),
    ]);
    try {
      const pod = new Pod(this.node, this, identity, own, Object.fromEntries(await Promise.all(entries)));
      for (const container of spec.initContainers ?? []) await pod.runToEnd(container);
      return pod;
    } catch (error) {
      rmSync(own, { recursive: true, force: true });
      throw error;
    }
  }

  /** A Secret's value. @throws NotYet */
  async secretValue(namespace: string, name: string, key: string): Promise<string> {
    const files = await this.files('Secret', namespace, name);
    if (!files[key]) throw new NotYet(`Secret ${namespace}/${name} has no ${key}`);
    return files[key].toString('utf8');
  }

  private async volume(namespace: string, volume: Volume, own: string): Promise<string> {
    const { name, configMap, secret, projected, persistentVolumeClaim: claim, emptyDir } = volume;
    if (claim) {
      const folder = this.node.claims[`${namespace}/${claim.claimName}`];
      if (!folder) throw new Error(`nobody knows the claim ${namespace}/${claim.claimName}`);
      if (!existsSync(folder)) throw new NotYet(`${folder} is not there`);
      return folder;
    }
    if (emptyDir) {
      mkdirSync(join(own, name), { mode: 0o777 });
      return join(own, name);
    }
    if (configMap) return this.keep(await this.selected('ConfigMap', namespace, configMap));
    if (secret) return this.keep(await this.selected('Secret', namespace, { ...secret, name: secret.secretName }));
    if (!projected) throw new Error(`a volume of no kind that is known here: ${JSON.stringify(volume)}`);
    const parts = projected.sources.map(({ configMap: map, secret: of }) =>
      map ? this.selected('ConfigMap', namespace, map) : this.selected('Secret', namespace, of!),
    );
    return this.keep(Object.assign({}, ...(await Promise.all(parts))) as Files);
  }

  private async selected(
    kind: 'ConfigMap' | 'Secret',
    namespace: string,
    { name, items, optional }: Source,
  ): Promise<Files> {
    const files = await this.files(kind, namespace, name!, optional);
    if (!items) return files;
    const missing = items.find(({ key }) => !files[key]);
    if (missing && !optional) throw new NotYet(`${kind} ${namespace}/${name} has no ${missing.key}`);
    const there = items.filter(({ key }) => files[key]);
    return Object.fromEntries(there.map(({ key, path }) => [path, files[key]]));
  }

  private async files(kind: 'ConfigMap' | 'Secret', namespace: string, name: string, optional = false): Promise<Files> {
    const object = await this.read(kind, namespace, name);
    if (!object && optional) return {};
    if (!object) throw new NotYet(`${kind} ${namespace}/${name} is not there`);
    const encoding = kind === 'ConfigMap' ? 'utf8' : 'base64';
    return { ...decoded(object.data, encoding), ...decoded(object.binaryData, 'base64') };
  }

  /** The same content is written once. */
  private keep(files: Files): string {
    const hash = createHash('sha256');
    for (const [name, content] of Object.entries(files)) hash.update(`${name}\0${content.length}\0`).update(content);
    const folder = join(this.node.folder, 'volumes', hash.digest('hex').slice(0, 20));
    if (existsSync(folder)) return folder;
    const aside = mkdtempSync(`${folder}-`);
    for (const [name, content] of Object.entries(files)) {
      mkdirSync(dirname(join(aside, name)), { recursive: true });
      writeFileSync(join(aside, name), content, { mode: 0o755 });
    }
    try {
      renameSync(aside, folder);
    } catch (error) {
      if (!existsSync(folder)) throw error;
      rmSync(aside, { recursive: true });
    }
    return folder;
  }
}

const decoded = (data: KeyedObject['data'], encoding: BufferEncoding) =>
  Object.fromEntries(Object.entries(data ?? {}).map(([name, value]) => [name, Buffer.from(value, encoding)]));

/** One that can be started. */
export class Pod {
  constructor(
    private readonly node: NodeSettings,
    private readonly pods: Pods,
    private readonly identity: PodIdentity,
    private readonly own: string,
    private readonly volumes: Readonly<Record<string, string>>,
  ) {}

  /** Its one container. @param network namespace that it is in */
  async start(network?: string): Promise<ChildProcess> {
    return this.run(this.identity.spec.containers[0], network);
  }

  async runToEnd(container: ContainerSpec): Promise<void> {
    const child = await this.run(container);
    const [code] = (await once(child, 'exit')) as [number | null];
    const log = this.pods.logOf(this.identity.name);
    if (code !== 0) throw new Error(`${container.name} ended with ${code}: ${readFileSync(log, 'utf8')}`);
  }

  /** Its own files go. */
  remove(): void {
    rmSync(this.own, { recursive: true, force: true });
  }

  private async run(container: ContainerSpec, network?: string): Promise<ChildProcess> {
    const { name, spec } = this.identity;
    const binds: Bind[] = (container.volumeMounts ?? []).map(({ name, mountPath, readOnly = false }) => ({
      from: this.volumes[name],
      to: mountPath,
      readOnly,
    }));
    if (spec.automountServiceAccountToken) binds.push({ from: this.node.account, to: ACCOUNT_DIR, readOnly: true });
    const env = await this.environment(container);
    return startContainer({ command: commandOf(container), env, binds, log: this.pods.logOf(name), network });
  }

  private async environment({ image, env = [] }: ContainerSpec): Promise<Record<string, string>> {
    const { api, programs } = this.node;
    const values: Record<string, string> = {
      PATH: `${/\/(mc|silo):/.test(image) ? programs : dirname(process.execPath)}:${PATH}`,
      HOSTNAME: this.identity.name,
      KUBERNETES_SERVICE_HOST: api.host,
      KUBERNETES_SERVICE_PORT: String(api.port),
    };
    for (const variable of env) values[variable.name] = expanded(await this.value(variable), values);
    return values;
  }

  private async value({ name, value = '', valueFrom }: Variable): Promise<string> {
    const { namespace, labels } = this.identity;
    if (!valueFrom) return value;
    const { secretKeyRef: secret, fieldRef } = valueFrom;
    if (secret) return (await this.pods.secretValue(namespace, secret.name, secret.key)).replaceAll('$', '$$$$');
    const label = /^metadata\.labels\['(.*)'\]$/.exec(fieldRef?.fieldPath ?? '')?.[1];
    if (label) return labels[label] ?? '';
    const fields: Record<string, string> = { 'spec.nodeName': NODE_NAME, 'metadata.namespace': namespace };
    const field = fields[fieldRef?.fieldPath ?? ''];
    if (field === undefined) throw new Error(`${name}: no such field here: ${JSON.stringify(valueFrom)}`);
    return field;
  }
}

/** As the kubelet puts variables into variables, and reads `$$`. */
const expanded = (value: string, values: Readonly<Record<string, string>>) =>
  value.replace(/\$(\$|\(([^)]*)\))/g, (whole, what: string, name: string) =>
    what === '$' ? '$' : (values[name] ?? whole),
  );

/** What its image would run, where the manifest doesn't say it. */
function commandOf({ image, command = [], args = [] }: ContainerSpec): string[] {
  const entrypoint = command.length === 0 && /\/silo:/.test(image) ? ['minio'] : [];
  return [...entrypoint, ...command, ...args];
}
