import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isFree, removePlatform } from './cleaning';
import { Cluster } from './cluster';

const CLI = join(__dirname, '../../lib/src/cli/main.js');
const ENVIRONMENTS = join(__dirname, '../../environments');
/** With the operators' kinds, whose definitions the cluster has to have. */
const KINDS: Readonly<Record<string, readonly string[]>> = {
  dev: [],
  production: ['servicemonitors', 'prometheusrules'],
};

const cluster = new Cluster();
const outdir = mkdtempSync(join(tmpdir(), 'oscar-e2e-examples-'));

afterAll(() => rmSync(outdir, { recursive: true, force: true }));

/** What runs of it is tried by `e2e`, with images that any machine can have. */
describe.each(Object.entries(KINDS))('the example environment %s', (environment, kinds) => {
  test('is taken by the API server as it stands, without a warning', async () => {
    for (const kind of kinds) await cluster.kubectl('get', kind, '--all-namespaces');
    await isFree(cluster);
    const places = ['--outdir', outdir, '--environments', ENVIRONMENTS];
    await cluster.run(process.execPath, [CLI, 'synth', environment, ...places]);
    const folder = join(outdir, environment);
    try {
      await cluster.kubectl('apply', '--server-side', '-f', join(folder, '00-namespaces.yaml'));
      const tried = await cluster.kubectlOutput('apply', '--server-side', '--dry-run=server', '-f', folder);
      expect(tried.stderr).toBe('');
      expect(tried.stdout.trim().split('\n').length).toBeGreaterThan(20);
    } finally {
      await removePlatform(cluster);
    }
  });
});
