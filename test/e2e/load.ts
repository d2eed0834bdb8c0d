import { GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { setTimeout as sleep } from 'node:timers/promises';
import { Cluster, eventually } from './cluster';
import { frame } from './examples';
import { jobsOf, objectOf, Upload } from './jobs';
import type { Scenario } from './scenario';
import { PATIENT_ATTEMPTS, placeOf, Store } from './store';
import { everyJobIsDone, sweep } from './sweeps';

const SERVICE = 'find-objects';
/** After that no client would try any longer. */
const PATIENCE_MS = 120_000;

export interface Sent {
  readonly upload: Upload;
  /** When each try was refused, and why; the one after them the store took. */
  readonly refusals: readonly string[];
  /** How long that took, in milliseconds. */
  readonly ms: number;
}

/**
 * Half of what a machine of two cores starts pods for (docs/RELIABILITY.md, the flood). With more of them than that, Jobs
 * wait for a place on a node, and a warm pod that is replaced waits among them for as long as files come.
 */
const INTERVAL_MS = 2_000;

/** An upload every other second, each until the store has it. */
export class Load {
  static async on(cluster: Cluster): Promise<Load> {
    return new Load((await Store.of(cluster)).client());
  }

  private readonly sent: Sent[] = [];
  private isOver = false;
  private readonly ended: Promise<void>;

  private constructor(private readonly client: S3Client) {
    this.ended = this.run(`load ${new Date().toISOString()}`);
    // Told by `stop`.
    this.ended.catch(() => {});
  }

  /**
   * Tells beside the test's name how the store took those since then.
   * @returns how many it has by now, and what it refused of those
   */
  tell(since = 0): { readonly sent: number; readonly refusals: readonly string[] } {
    const uploads = this.sent.slice(since);
    const refusals = uploads.flatMap((one) => one.refusals);
    const longest = Math.max(0, ...uploads.map(({ ms }) => ms)) / 1000;
    process.stderr.write(
      `      ${uploads.length} uploads, ${refusals.length} refused tries, the longest took ${longest.toFixed(1)} s\n`,
    );
    return { sent: this.sent.length, refusals };
  }

  /** @returns all that was uploaded @throws when the store didn't take one in two minutes */
  async stop(): Promise<readonly Sent[]> {
    this.isOver = true;
    await this.ended;
    return this.sent;
  }

  private async run(name: string): Promise<void> {
    while (!this.isOver) {
      const upload = frame(`${name} ${this.sent.length}`);
      const pause = sleep(INTERVAL_MS);
      const began = performance.now();
      const refusals = await this.send(upload);
      this.sent.push({ upload, refusals, ms: performance.now() - began });
      await pause;
    }
  }

  /** @returns what the tries before the last one were told */
  private async send({ path, content }: Upload): Promise<string[]> {
    const refusals: string[] = [];
    const end = performance.now() + PATIENCE_MS;
    for (;;) {
      try {
        await this.client.send(new PutObjectCommand({ ...placeOf(path), Body: content }));
        return refusals;
      } catch (error) {
        if (performance.now() > end) throw error;
        refusals.push(`${new Date().toISOString()} ${path}: ${String(error)}`);
        await sleep(500);
      }
    }
  }
}

/**
 * Each has its result and its one Job; a try that was refused may have been stored all the same, and is then an upload of
 * its own. A sweep finds nothing that was lost.
 */
export async function nothingIsLostOrDoubled({ cluster }: Scenario, sent: readonly Sent[]): Promise<void> {
  const client = (await Store.of(cluster)).client(undefined, PATIENT_ATTEMPTS);
  for (const { upload } of sent)
    await eventually(`${upload.path} has its results`, 240, async () => {
      for (const [path, expected] of Object.entries(upload.results)) {
        const { Body } = await client.send(new GetObjectCommand(placeOf(path)));
        expect(await Body!.transformToString()).toBe(expected);
      }
    });
  await everyJobIsDone(cluster);
  expect(await sweep(cluster)).toMatchObject({ stored: 0, underWay: 0, left: 0 });
  const objects = (await jobsOf(cluster, SERVICE)).map(objectOf);
  const jobs = ({ upload }: Sent) => objects.filter((object) => object === upload.path).length;
  const wrong = sent
    .map((one) => ({ ...one, jobs: jobs(one) }))
    .filter(({ jobs, refusals }) => jobs < 1 || jobs > refusals.length + 1);
  expect(wrong).toEqual([]);
}
