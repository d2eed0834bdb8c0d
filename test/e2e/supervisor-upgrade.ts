import { GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { removalOfUndeclared } from './documented';
import { Cluster, eventually } from './cluster';
import { HOLD, isHeld, letGo } from './held';
import { jobsFor, jobsOf, objectOf } from './jobs';
import { measured, warmPodsOf } from './manager';
import { withNextRelease } from './next-release';
import { Job, jobEnd, KubernetesObject, Pod } from './objects';
import { provisioned } from './provisioning';
import type { Scenario } from './scenario';
import { SERVICES, waitUntilReady } from './steps';
import { PATIENT_ATTEMPTS, Store } from './store';
import { synthesize } from './synthesis';

/** Tells what its supervisor consists of. */
const SERVICE = 'inspect';
const BUCKET = 'uploads';
const FROM = 'inspect';
const TO = 'inspected';
/** The only file whose first try fails. */
const TRIED_TWICE = 'tried-twice';
/** Has pods at any time. */
const WARM = 'web';

/** As much of a pod as says which supervisor it has. */
interface PodSpec {
  readonly containers: readonly { readonly volumeMounts: readonly { name: string; subPath?: string }[] }[];
  readonly volumes: readonly { name: string; persistentVolumeClaim?: { claimName: string } }[];
}
interface Stamped extends Job {
  readonly spec: { readonly template: { readonly spec: PodSpec } };
}
interface PodTemplate extends KubernetesObject {
  readonly template: { readonly spec: PodSpec };
}

/** Files by what time of the upgrade they came at. */
interface Uploads {
  /** Before it, too; and their Jobs are under way until it is over, however slow or fast the machine is. */
  readonly held: readonly string[];
  readonly before: readonly string[];
  readonly meanwhile: readonly string[];
  readonly after: readonly string[];
}

/**
 * The next release of the platform comes while Jobs are under way, and what the one before left is removed at once, as
 * documented. Then it is taken back.
 */
export function theSupervisorIsUpgraded(scenario: Scenario, count: number): void {
  const { cluster } = scenario;
  let old = '';

  scenario.step(
    `the supervisor is upgraded between ${count} Jobs, most of which are under way: none fails, and none has half of each`,
    async () => {
      old = await versionOfTemplate(cluster);
      await upgradeUnderLoad(scenario, count);
    },
    600,
  );

  scenario.step('the upgrade is taken back: Jobs have the version before', async () => {
    await becomes(scenario, scenario.folder, '1.0.0');
    expect(await versionOfTemplate(cluster)).toBe(old);
    await upload((await Store.of(cluster)).client(), ['taken-back']);
    await eventually('a Job succeeds', 120, async () => {
      const [job] = await jobsFor(cluster, SERVICE, pathOf('taken-back'));
      expect(versionOf((job as Stamped).spec.template.spec)).toBe(old);
      expect(job.status).toMatchObject({ succeeded: 1 });
      expect(job.status.failed ?? 0).toBe(0);
    });
  });
}

async function upgradeUnderLoad(scenario: Scenario, count: number): Promise<void> {
  const { cluster } = scenario;
  const client = (await Store.of(cluster)).client(undefined, PATIENT_ATTEMPTS);
  const old = await versionOfTemplate(cluster);
  const release = await nextRelease(scenario);
  const [few, third] = [Math.floor(count / 6), Math.ceil(count / 3)];
  const files: Uploads = {
    held: names('held', third),
    before: names('before', count - third - 2 * few),
    meanwhile: names('meanwhile', few),
    after: names('after', few),
  };
  await upload(client, [TRIED_TWICE], HOLD);
  const failing = await isHeld(cluster, SERVICE, pathOf(TRIED_TWICE));
  await upload(client, files.held, HOLD);
  await isHeld(cluster, SERVICE, pathOf(files.held[0]));

  await upload(client, files.before);
  await eventually('each has its Job', 60, async () => {
    expect(await jobsOf(cluster, SERVICE)).toHaveLength(1 + files.held.length + files.before.length);
  });
  const began = performance.now();
  await Promise.all([becomes(scenario, release, '1.1.0'), uploadSlowly(client, files.meanwhile)]);
  measured('until all was upgraded', began);
  const open = (await jobsOf(cluster, SERVICE)).filter((job) => !jobEnd(job)).map(objectOf);
  process.stderr.write(`      ${open.length} Jobs were still under way\n`);
  // With fewer the rest proves nothing.
  expect(open).toEqual(expect.arrayContaining([TRIED_TWICE, ...files.held].map(pathOf)));
  expect(await versionOfTemplate(cluster)).not.toBe(old);
  await upload(client, files.after);

  // A pod that is made only now has the version of its Job, too.
  await letGo(cluster, failing, 'fail');
  await eventually('its first try has failed', 60, async () => {
    expect((await jobsFor(cluster, SERVICE, pathOf(TRIED_TWICE)))[0].status.failed).toBe(1);
  });
  const goesOn = async (name: string) => letGo(cluster, await isHeld(cluster, SERVICE, pathOf(name)), 'go');
  await Promise.all([TRIED_TWICE, ...files.held].map(goesOn));
  await eachSucceeds(cluster, count);
  measured('until each Job was complete', began);
  await eachHasOneVersion(cluster, client, old, files);
}

/** @returns the manifests of the release after this one */
async function nextRelease({ cluster, folder }: Scenario): Promise<string> {
  const outdir = join(folder, '../next-release');
  const environment = basename(folder);
  const environments = join(__dirname, 'environments/upgraded');
  await withNextRelease((cli) => synthesize(cluster, environments, environment, outdir, [], cli));
  return join(outdir, environment);
}

/** Applies a release as documented, waits until all that runs is of it, and removes what it no longer declares. */
async function becomes({ cluster, folder }: Scenario, release: string, version: string): Promise<void> {
  await cluster.kubectl('apply', '--server-side', '-f', release);
  await cluster.kubectl(...removalOfUndeclared(basename(folder), version));
  await waitUntilReady(cluster, 240);
  await provisioned(cluster);
  await cluster.kubectl('rollout', 'status', '-n', SERVICES, `deployment/${WARM}`, '--timeout=240s');
  const current = await versionOfTemplate(cluster);
  const warm = (await warmPodsOf(cluster, WARM)).filter(({ metadata }) => !metadata.deletionTimestamp);
  const versions = warm.map(({ spec }) => versionOf(spec as Pod['spec'] & PodSpec));
  expect(versions).toEqual(warm.map(() => current));
  expect(warm).not.toEqual([]);
}

/** Each at its first try, but the one that was made to fail. */
async function eachSucceeds(cluster: Cluster, count: number): Promise<void> {
  await eventually('each Job is over', 300, async () => {
    const jobs = await jobsOf(cluster, SERVICE);
    const open = jobs.filter((job) => !jobEnd(job)).map(({ metadata }) => metadata.name);
    if (jobs.length !== count + 1 || open.length > 0)
      throw new Error(`of ${jobs.length} Jobs, ${open.length} are under way: ${open.slice(0, 3).join(', ')}`);
  });
  const ends = (await jobsOf(cluster, SERVICE)).map((job) => [objectOf(job), jobEnd(job), job.status.failed ?? 0]);
  const expected = ends.map(([path]) => [path, 'Complete', path === pathOf(TRIED_TWICE) ? 1 : 0]);
  expect(ends).toEqual(expected);
}

/** Jobs of one version have the same files, those of the other one have others, and nobody has a third kind. */
async function eachHasOneVersion(cluster: Cluster, client: S3Client, old: string, files: Uploads): Promise<void> {
  const seen = new Map<string, Set<string>>();
  const versions = new Map<string, string>();
  for (const job of (await jobsOf(cluster, SERVICE)) as Stamped[]) {
    const name = basename(objectOf(job)!);
    const version = versionOf(job.spec.template.spec);
    versions.set(name, version);
    seen.set(version, (seen.get(version) ?? new Set()).add(await resultOf(client, name)));
  }
  const next = await versionOfTemplate(cluster);
  const those = (names: readonly string[]) => new Set(names.map((name) => versions.get(name)));
  expect(those([TRIED_TWICE, ...files.held, ...files.before])).toEqual(new Set([old]));
  expect(those(files.after)).toEqual(new Set([next]));
  expect([...seen.keys()].sort()).toEqual([old, next].sort());
  expect([...seen.values()].map(({ size }) => size)).toEqual([1, 1]);
  expect([...seen.get(old)!]).not.toEqual([...seen.get(next)!]);
}

const names = (stem: string, count: number) => Array.from({ length: count }, (_, index) => `${stem}-${index}`);

const pathOf = (name: string) => `${BUCKET}/${FROM}/${name}`;

async function upload(client: S3Client, files: readonly string[], content = 'go on'): Promise<void> {
  const put = (name: string) =>
    client.send(new PutObjectCommand({ Bucket: BUCKET, Key: `${FROM}/${name}`, Body: content }));
  await Promise.all(files.map(put));
}

async function uploadSlowly(client: S3Client, files: readonly string[]): Promise<void> {
  for (const name of files) {
    await upload(client, [name]);
    await sleep(1_000);
  }
}

async function resultOf(client: S3Client, name: string): Promise<string> {
  const { Body } = await client.send(new GetObjectCommand({ Bucket: BUCKET, Key: `${TO}/${name}` }));
  return Body!.transformToString();
}

/** Of the Jobs that are made now. */
async function versionOfTemplate(cluster: Cluster): Promise<string> {
  return versionOf((await cluster.get<PodTemplate>('podtemplate', '-n', SERVICES, SERVICE)).template.spec);
}

/** A claim of a version's own, or a folder of a volume that has them all. */
function versionOf({ volumes, containers }: PodSpec): string {
  const isSupervisor = ({ name }: { name: string }) => name === 'supervisor';
  const claim = volumes.find(isSupervisor)?.persistentVolumeClaim?.claimName ?? '';
  const mount = containers[0].volumeMounts.find(isSupervisor);
  return `${claim}/${mount?.subPath ?? ''}`;
}
