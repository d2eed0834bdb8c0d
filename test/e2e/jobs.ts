import { SERVICE_LABEL } from '../../src/contract';
import { Cluster, eventually } from './cluster';
import { whileCordoned } from './cordon';
import { measured } from './manager';
import type { Job, Pod } from './objects';
import type { Scenario } from './scenario';
import { SERVICES } from './steps';
import { Store } from './store';

/** An upload, and what its service makes of it: each result is shown as bytes in Latin-1. */
export interface Upload {
  /** `bucket/key`. */
  readonly path: string;
  readonly content: string | Uint8Array;
  readonly results: Readonly<Record<string, string | RegExp>>;
}

/** Names with what a shell, a URL or a template would change, were they to pass through one. */
export const odd = (name: string) => `ä 100% +"$(a) ${name}`;

/** Uploads a file, and waits: the store tells the manager, which makes a Job, which makes the results. */
export async function isProcessed(cluster: Cluster, service: string, upload: Upload): Promise<Pod> {
  const store = await Store.of(cluster);
  await store.put(upload.path, upload.content);
  const began = performance.now();
  await eventually('there are results', 120, () => hasResults(store, upload));
  measured(`${service}: from upload to result`, began);
  return isComplete(cluster, service, upload);
}

export async function hasResults(store: Store, { results }: Pick<Upload, 'results'>): Promise<void> {
  for (const [path, expected] of Object.entries(results)) {
    const content = await store.get(path);
    if (typeof expected === 'string') expect(content).toBe(expected);
    else expect(content).toMatch(expected);
  }
}

/** MinIO's message for an upload. */
export function uploadEvent({ path, content }: Upload): string {
  const [bucket, ...key] = path.split('/');
  const encoded = encodeURIComponent(key.join('/')).replaceAll('%20', '+');
  return JSON.stringify({
    EventName: 's3:ObjectCreated:Put',
    Key: path,
    Records: [
      {
        eventVersion: '2.0',
        eventSource: 'minio:s3',
        eventName: 's3:ObjectCreated:Put',
        eventTime: new Date().toISOString(),
        s3: { bucket: { name: bucket }, object: { key: encoded, size: content.length, sequencer: '18' } },
      },
    ],
  });
}

/** A Job of the manager's for the file ends well, at the first try. @returns its pod */
async function isComplete(cluster: Cluster, service: string, { path }: Upload, seconds = 120): Promise<Pod> {
  await eventually('its Job succeeds', seconds, async () => {
    const [{ status }] = await jobsFor(cluster, service, path);
    return status.succeeded === 1;
  });
  const [job, ...others] = await jobsFor(cluster, service, path);
  expect(others).toEqual([]);
  expect(job.status.failed ?? 0).toBe(0);
  return podOf(cluster, job.metadata.name);
}

export function jobsOf(cluster: Cluster, service: string): Promise<Job[]> {
  return cluster.list<Job>('jobs', '-n', SERVICES, '-l', `${SERVICE_LABEL}=${service}`);
}

/** @throws when there is none */
export async function jobsFor(cluster: Cluster, service: string, object: string): Promise<Job[]> {
  const jobs = (await jobsOf(cluster, service)).filter((job) => objectOf(job) === object);
  if (jobs.length === 0) throw new Error(`${service} has no Job for ${object}`);
  return jobs;
}

/** `bucket/key` of the file that a Job is for. */
export const objectOf = ({ metadata }: Job) => metadata.annotations?.['oscar-cdk8s/object'];

export function aFileIsProcessed(scenario: Scenario, service: string, upload: Upload): void {
  scenario.step(`an uploaded file becomes a result of ${service}`, async () => {
    await isProcessed(scenario.cluster, service, upload);
  });
}

/** @param upload of a node: no other takes pods meanwhile */
export function eachNodeProcessesAFile(scenario: Scenario, service: string, upload: (node: string) => Upload): void {
  scenario.step(
    `an uploaded file becomes a result of ${service} on each node`,
    async () => {
      const { cluster } = scenario;
      const nodes = await cluster.nodes();
      for (const node of nodes) {
        const others = nodes.filter((name) => name !== node);
        const pod = await whileCordoned(cluster, others, () => isProcessed(cluster, service, upload(node)));
        expect(pod.spec.nodeName).toBe(node);
      }
    },
    300,
  );
}

export async function podOf(cluster: Cluster, job: string): Promise<Pod> {
  const [pod] = await cluster.list<Pod>('pods', '-n', SERVICES, '-l', `batch.kubernetes.io/job-name=${job}`);
  if (!pod) throw new Error(`Job ${job} has no pod yet`);
  return pod;
}
