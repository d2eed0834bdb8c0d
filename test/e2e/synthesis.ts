import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import type { Cluster } from './cluster';
import type { Node } from './objects';

const CLI = join(__dirname, '../../lib/src/cli/main.js');
/** Of the servers that tests start on this machine for the cluster. */
export const S3_PORT = 18333;
export const WEBDAV_PORT = 18334;

/**
 * Synthesizes an environment, with this machine's address where it names servers of the tests.
 * @param layers what is laid over it, one over the other
 * @param cli the command @default this package's
 */
export async function synthesize(
  cluster: Cluster,
  folder: string,
  environment: string,
  outdir: string,
  layers: readonly object[] = [],
  cli = CLI,
): Promise<void> {
  const address = await addressForPods(cluster);
  const servers = {
    storageProviders: {
      s3: { results: { endpoint: `http://${address}:${S3_PORT}` } },
      webdav: { dcache: { hostname: `http://${address}:${WEBDAV_PORT}/basic` } },
    },
  };
  const environments = mkdtempSync(join(tmpdir(), 'oscar-e2e-environment-'));
  let base = join(folder, `${environment}.yaml`);
  for (const [index, layer] of [...layers, servers].entries()) {
    const file = join(environments, `${index === layers.length ? environment : index}.yaml`);
    const header = { apiVersion: 'oscar-cdk8s/v1', kind: 'Environment', name: environment, extends: base };
    writeFileSync(file, stringify({ ...header, ...layer }));
    base = file;
  }
  const places = ['--outdir', outdir, '--environments', environments];
  await cluster.run(process.execPath, [cli, 'synth', environment, ...places]);
  rmSync(environments, { recursive: true });
}

/** This machine, as the cluster's nodes see it: the address that it calls them from. */
export async function addressForPods(cluster: Cluster): Promise<string> {
  const [{ status }] = await cluster.list<Node>('nodes');
  const { address } = status.addresses.find(({ type }) => type === 'InternalIP')!;
  const socket = createSocket('udp4');
  socket.connect(9, address);
  await once(socket, 'connect');
  const own = socket.address().address;
  socket.close();
  return own;
}
