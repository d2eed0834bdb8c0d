import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Cluster } from './cluster';
import { diagnose } from './diagnose';
import { pushMissingImages } from './images';

const CLI = join(__dirname, '../../lib/src/cli/main.js');

export interface Scenario {
  readonly cluster: Cluster;
  /** The synthesized manifests. */
  readonly folder: string;
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
      test(title, () => attempt(title, work), timeoutSeconds * 1000);

    async function attempt(title: string, work: () => Promise<void>): Promise<void> {
      if (failed !== undefined) throw new Error(`not tried, as «${failed}» failed before`);
      failed = title;
      try {
        await work();
        failed = undefined;
      } catch (error) {
        const { message } = error as Error;
        throw new Error(`${message}\n\n${cluster ? await diagnose(cluster) : 'There is no cluster.'}`);
      }
    }

    step('a cluster of its own comes up', async () => {
      cluster = await Cluster.up(nodes);
      const environments = join(__dirname, 'environments');
      await cluster.run(process.execPath, [
        CLI,
        'synth',
        environment,
        '--outdir',
        outdir,
        '--environments',
        environments,
      ]);
      await pushMissingImages(cluster, folder);
      await cluster.kubectl('apply', '--server-side', '-f', process.env.OSCAR_CRDS!);
    });
    steps({
      folder,
      step,
      get cluster() {
        return cluster!;
      },
    });
  });
}
