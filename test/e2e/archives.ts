import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect, createServer, Server, Socket } from 'node:net';
import { gunzipSync } from 'node:zlib';
import { Apache, LOGIN } from '../servers/support/apache';
import { RealS3, startVersity } from '../servers/support/s3';
import { eventually } from './cluster';
import { everyJobIsDone } from './sweeps';
import { jobsFor, odd } from './jobs';
import type { Scenario } from './scenario';
import { SERVICES } from './steps';
import { Store } from './store';
import { addressForPods, S3_PORT, WEBDAV_PORT } from './synthesis';

/** `archive` sends each file to an S3 that is not the platform's, and by WebDAV: real servers, outside of the cluster. */
export function resultsGoToOtherStores(scenario: Scenario): void {
  let s3: RealS3 | undefined;
  let webdav: Apache | undefined;
  const doors: Server[] = [];
  const name = `${odd('report')}.csv`;
  const content = 'a,b\n1,2\n'.repeat(1000);

  afterAll(async () => {
    for (const door of doors) door.close();
    await Promise.all([s3?.stop(), webdav?.stop()]);
  });

  scenario.step('an S3 and a WebDAV server of others are there, and their credentials are Secrets', async () => {
    [s3, webdav] = await Promise.all([startVersity(), Apache.start()]);
    await s3.mc('mb', 'test/example-results');
    const address = await addressForPods(scenario.cluster);
    doors.push(await door(address, S3_PORT, s3.port), await door(address, WEBDAV_PORT, webdav.server.port));
    const { accessKey, secretKey } = s3.settings();
    await secret('s3-results', { accessKey, secretKey });
    await secret('webdav-dcache', LOGIN);
    // Its pod looks for them less and less often.
    await scenario.cluster.kubectl('delete', 'pods', '-n', SERVICES, '-l', 'oscar_service=archive');
  });

  scenario.step('results go to another S3 and to WebDAV', async () => {
    const { cluster } = scenario;
    const store = await Store.of(cluster);
    await store.put(`documents/in/${name}`, content);
    const file = `basic/archive/documents/${name}.gz`;
    await eventually('WebDAV has it', 120, async () => {
      expect(webdav!.has(file)).toBe(true);
      expect(gunzipSync(readFileSync(webdav!.file(file))).toString()).toBe(content);
    });
    const packed = await s3!.content(`example-results/archive/${name}.gz`);
    expect(gunzipSync(readFileSync(packed)).toString()).toBe(content);
    await everyJobIsDone(cluster);
    const [job, ...more] = await jobsFor(cluster, 'archive', `documents/in/${name}`);
    expect(more).toEqual([]);
    expect(job.status).toMatchObject({ succeeded: 1 });
    // The checksum beside it is for neither.
    expect(webdav!.has(`basic/archive/documents/${name}.sha256`)).toBe(false);
    expect(await s3!.mc('ls', '--recursive', 'test/example-results')).not.toContain('sha256');
  });

  const secret = (name: string, stringData: object) =>
    scenario.cluster.apply({ apiVersion: 'v1', kind: 'Secret', metadata: { name, namespace: SERVICES }, stringData });
}

/** The servers listen on 127.0.0.1 alone: this lets the cluster in. */
async function door(address: string, port: number, to: number): Promise<Server> {
  const server = createServer((client: Socket) => {
    const inner = connect(to, '127.0.0.1');
    for (const socket of [client, inner]) socket.on('error', () => [client, inner].forEach((one) => one.destroy()));
    client.pipe(inner).pipe(client);
  }).listen(port, address);
  await once(server, 'listening');
  return server;
}
