import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Cluster } from './cluster';
import { diagnose } from './diagnose';
import { pushMissingImages } from './images';

/** For what is told of the cluster when a step fails. */
const DIAGNOSIS_SECONDS = 60;
const CLI = join(__dirname, '../../lib/src/cli/main.js');

export interface Scenario {
  readonly cluster: Cluster;
  /** The synthesized manifests. */
  readonly folder: string;
  /** Synthesizes a changed environment of the same name. @returns the folder with its manifests */
  changed(folder: string): Promise<string>;
  /**
   * A test, in its place among the others. When it fails, it shows what happened in the cluster, and those after it
   * fail at once: what they rest on is not there.
   */
  step(title: string, work: () => Promise<void>, timeoutSeconds?: number): void;
}

/** An environment of `test/cluster/environments` on an empty cluster of its own. */
export function scenario(environment: string, nodes: number, steps: (scenario: Scenario) => void): void {
  describe(`${environment} on ${nodes} nodes`, () => {
    const outdir = mkdtempSync(join(tmpdir(), 'oscar-cluster-test-'));
    const folder = join(outdir, environment);
    let cluster: Cluster | undefined;
    let failed: string | undefined;

    afterAll(() => rmSync(outdir, { recursive: true, force: true }));

    const step: Scenario['step'] = (title, work, timeoutSeconds = 180) =>
      test(title, () => attempt(title, work, timeoutSeconds), (timeoutSeconds + DIAGNOSIS_SECONDS) * 1000);

    async function attempt(title: string, work: () => Promise<void>, seconds: number): Promise<void> {
      if (failed !== undefined) throw new Error(`not tried, as «${failed}» failed before`);
      failed = title;
      try {
        await within(seconds, work());
        failed = undefined;
      } catch (error) {
        const { message } = error as Error;
        throw new Error(`${message}\n\n${cluster ? await diagnose(cluster) : 'There is no cluster.'}`);
      }
    }

    async function synthesize(environments: string, to: string): Promise<void> {
      const places = ['--outdir', to, '--environments', join(__dirname, environments)];
      await cluster!.run(process.execPath, [CLI, 'synth', environment, ...places]);
      await pushMissingImages(cluster!, join(to, environment));
    }

    step('a cluster of its own comes up', async () => {
      cluster = await Cluster.up(nodes);
      await synthesize('environments', outdir);
      await cluster.kubectl('apply', '--server-side', '-f', process.env.OSCAR_CRDS!);
      await cluster.kubectl('wait', '--for=condition=Established', '--timeout=60s', 'crd', '--all');
    });
    steps({
      folder,
      step,
      async changed(environments) {
        const to = join(outdir, 'changed');
        await synthesize(environments, to);
        return join(to, environment);
      },
      get cluster() {
        return cluster!;
      },
    });
  });
}

async function within(seconds: number, work: Promise<void>): Promise<void> {
  const ended = new AbortController();
  const late = sleep(seconds * 1000, undefined, ended).then(() => {
    throw new Error(`not done after ${seconds} s`);
  });
  try {
    await Promise.race([work, late]);
  } finally {
    ended.abort();
    late.catch(() => {});
  }
}
