import { createHash } from 'node:crypto';
import { appendFileSync, copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Cluster, eventually } from './cluster';
import { hasResults, jobsFor, jobsOf } from './jobs';
import type { LogLine } from './provisioning';
import { Store } from './store';

/** The service that comes, is changed, and goes; and its bucket. */
export const SERVICE = 'sums';

/** A change of the environment, as docs/APPLY.md names it. */
export interface Change {
  readonly name: string;
  /** What it lays over all before it. @default nothing */
  readonly layer?: object;
  /** It is synthesized by the next release, as all after it. */
  readonly isNextRelease?: boolean;
  /** What has to be there before it is applied: by a hand on the machines. */
  readonly needs?: (cluster: Cluster) => Promise<void>;
  /** Whether it replaces the store's pods: uploads may be refused meanwhile. */
  readonly isOfStore?: boolean;
  /** Whether something is no longer declared, and is to be removed. */
  readonly removes?: boolean;
  /** What holds afterwards. @param log the provisioner's */
  readonly holds?: (cluster: Cluster, log: readonly LogLine[]) => Promise<void>;
}

/** MinIO looks into its queue of events every three seconds: what hasn't come after two looks does not come. */
const QUEUE_MS = 8_000;

/** What the store is changed to: the next release, as far as MinIO can tell. */
const NEXT_MINIO = 'docker.io/oscar-e2e/minio:next';

const script = (name: string) => join(__dirname, 'scripts', name);
const bound = (path: string) => [{ storage_provider: 'minio.default', path }];
const ofService = (fields: object) => ({ services: [{ name: SERVICE, ...fields }] });

/** In this order, each over those before it. */
export const CHANGES: readonly Change[] = [
  { name: "environment's `version` alone" },
  {
    name: 'a service added',
    layer: {
      buckets: { sums: {} },
      ...ofService({
        image: 'docker.io/library/busybox:1.36',
        script: script('checksum.sh'),
        cpu: '0.1',
        memory: '128Mi',
        // So that there is a warm pod to be seen.
        synchronous: { min_scale: 1 },
        input: bound('sums/in'),
        output: bound('sums/out'),
      }),
    },
    holds: async (cluster, log) => {
      onlyItsOwnIsChanged(log);
      await becomes(cluster, 'sums/in/added.csv', 'md5');
    },
  },
  { name: "a service's image, resources or environment", layer: ofService({ cpu: '0.15' }) },
  {
    name: "a service's script",
    layer: ofService({ script: script('sha1.sh') }),
    holds: (cluster) => becomes(cluster, 'sums/in/other-script.csv', 'sha1'),
  },
  {
    name: "a service's binding moved",
    layer: ofService({ input: bound('sums/incoming') }),
    holds: async (cluster, log) => {
      onlyItsOwnIsChanged(log);
      const old = 'sums/in/where-nobody-waits-any-longer.csv';
      await (await Store.of(cluster)).put(old, old);
      await becomes(cluster, 'sums/incoming/moved.csv', 'sha1');
      await expect(jobsFor(cluster, SERVICE, old)).rejects.toThrow('no Job');
    },
  },
  {
    name: 'a bucket added',
    layer: { buckets: { more: {} } },
    holds: async (cluster) => expect(await (await Store.of(cluster)).buckets()).toContain('more'),
  },
  { name: "manager's settings", layer: { platform: { manager: { idleSeconds: 11 } } } },
  {
    name: "MinIO's resources",
    isOfStore: true,
    layer: { platform: { minio: { kind: 'distributed', resources: { cpu: '90m', cpuLimit: '2' } } } },
  },
  {
    name: "MinIO's image",
    isOfStore: true,
    needs: pushNextMinio,
    layer: { platform: { images: { minio: NEXT_MINIO } } },
  },
  { name: 'a release of oscar-cdk8s', isNextRelease: true },
  {
    name: 'a service removed',
    layer: { services: [{ name: SERVICE, remove: true }] },
    removes: true,
    holds: isGone,
  },
];

/** The same program with a byte more: its pods compare their programs' checksums. */
async function pushNextMinio(cluster: Cluster): Promise<void> {
  const { stdout } = await cluster.run('which', ['minio']);
  const folder = mkdtempSync(join(tmpdir(), 'oscar-e2e-minio-'));
  const program = join(folder, 'minio');
  copyFileSync(stdout.trim(), program);
  appendFileSync(program, '\n');
  const path = '/usr/bin/minio';
  await cluster.machines.push(NEXT_MINIO, '--from', 'busybox', '--add', `${program}=${path}`, '--entrypoint', path);
  rmSync(folder, { recursive: true });
}

/** A file's result, by what the service's script is to do with it. */
async function becomes(cluster: Cluster, path: string, algorithm: 'md5' | 'sha1'): Promise<void> {
  const store = await Store.of(cluster);
  const content = `${path} ${new Date().toISOString()}`;
  await store.put(path, content);
  const name = path.split('/').at(-1);
  const sum = createHash(algorithm).update(content).digest('hex');
  const results = { [`sums/out/${name}.${algorithm}`]: `${sum}\n` };
  await eventually(`${path} has its result`, 120, () => hasResults(store, { results }));
}

/** Bound to nothing, its user disabled; and what is uploaded where it waited makes no Job. */
async function isGone(cluster: Cluster, log: readonly LogLine[]): Promise<void> {
  onlyItsOwnIsChanged(log);
  const store = await Store.of(cluster);
  expect(await store.mc('event', 'ls', 'store/sums')).toBe('');
  expect(await store.statusOf(`oscar.${SERVICE}`)).toBe('disabled');
  expect(await store.statusOf('oscar.grayscale')).toBe('enabled');
  const jobs = async () => (await jobsOf(cluster, SERVICE)).map(({ metadata }) => metadata.name).sort();
  const before = await jobs();
  await store.put('sums/incoming/nobody-waits.csv', 'a,b\n1,2\n');
  await sleep(QUEUE_MS);
  expect(await jobs()).toEqual(before);
}

function onlyItsOwnIsChanged(log: readonly LogLine[]): void {
  const changed = log.filter(({ result }) => result === 'changed').map(({ message }) => message);
  const others = changed.filter((what) => !what.includes(SERVICE));
  expect(others).toEqual([
    expect.stringMatching(/^changed: earlier Job oscar-provisioner-\w+: deleted$/),
    // It lists the folders that are bound.
    'changed: user "oscar.platform.sweep": policy written',
  ]);
}
