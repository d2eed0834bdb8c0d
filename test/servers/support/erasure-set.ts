import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createServer, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { sign } from 'aws4';
import { WEBHOOK_TARGET } from '../../../src/contract';
import { Answer, encoded, exchange, Keys } from './bucket-store';
import { freePort, program, run, serverFolder, ServerProcess } from './process';

const ROOT: Keys = { accessKey: 'oscar-root', secretKey: 'Secret-of-nobody-9d2f' };
const PROCESSES = [0, 1, 2, 3] as const;
const READY_MS = 90_000;
const EVENT_MS = 5_000;

/** MinIO as a distributed store: four processes of a drive each, as the four pods of the manifests. */
export class ErasureSet {
  readonly root = ROOT;
  /** `bucket/key` of each event, in their order. */
  private readonly told: string[] = [];

  private constructor(
    private readonly servers: readonly ServerProcess[],
    private readonly webhook: Server,
  ) {}

  static async start(): Promise<ErasureSet> {
    const webhook = createServer().listen(0, '127.0.0.1');
    await once(webhook, 'listening');
    const set = new ErasureSet(await servers((webhook.address() as AddressInfo).port), webhook);
    webhook.on('request', async (request, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      if (chunks.length > 0) set.told.push((JSON.parse(Buffer.concat(chunks).toString('utf8')) as { Key: string }).Key);
      response.end();
    });
    await set.up(...PROCESSES);
    for (const process of PROCESSES) await set.isReady(process, 'cluster');
    await set.haveSettings();
    return set;
  }

  portOf(process: number): number {
    return this.servers[process].port;
  }

  async up(...processes: readonly number[]): Promise<void> {
    await Promise.all(processes.map((process) => this.servers[process].start()));
  }

  /** At once, as nodes whose power goes. */
  async down(...processes: readonly number[]): Promise<void> {
    await Promise.all(processes.map((process) => this.servers[process].end('SIGKILL')));
  }

  /** @param health whether it can be read, as the pods' readiness asks, or written as well */
  async isReady(process: number, health: 'cluster/read' | 'cluster' = 'cluster/read'): Promise<void> {
    await this.until(process, health, ({ status }) => status === 200);
  }

  /** It has read the buckets' metadata, as well as it could: what it waits for after that are its users. */
  async hasReadMetadata(process: number): Promise<void> {
    const next = (answer: Answer) => answer.status === 200 || answer.headers['x-minio-server-status'] === 'iam-offline';
    await this.until(process, 'cluster/read', next);
  }

  /** Uploads a file by each process. @returns which of them told of it */
  async tellers(bucket: string, name: string): Promise<number[]> {
    const path = (process: number) => `${bucket}/${name}-${process}`;
    await Promise.all(PROCESSES.map((process) => this.must(process, 'PUT', encoded(path(process)), 'content')));
    const tellers = () => PROCESSES.filter((process) => this.told.includes(path(process)));
    for (const end = Date.now() + EVENT_MS; Date.now() < end && tellers().length < PROCESSES.length;) await sleep(50);
    return tellers();
  }

  /** By root, again and again: a process that came back refuses writes for a while. */
  async must(process: number, method: string, path: string, body?: string): Promise<Answer> {
    let answer: Answer | undefined;
    for (const end = Date.now() + READY_MS; Date.now() < end; await sleep(200)) {
      answer = await this.ask(process, method, path, body).catch(() => undefined);
      if (answer && answer.status < 300) return answer;
    }
    throw new Error(`process ${process}: ${method} ${path}: ${answer?.status} ${answer?.body.toString('utf8')}`);
  }

  async stop(): Promise<void> {
    await this.down(...PROCESSES);
    for (const server of this.servers) await server.stop();
    this.webhook.closeAllConnections();
    this.webhook.close();
  }

  /** On all drives: one that joined late missed them, and a process that then finds it and one other waits for more. */
  private async haveSettings(): Promise<void> {
    const { accessKey, secretKey } = ROOT;
    const env = { ...process.env, MC_HOST_set: `http://${accessKey}:${secretKey}@127.0.0.1:${this.portOf(0)}` };
    const lacking = () =>
      this.servers.filter(({ folder }) => !existsSync(join(folder, 'drive/.minio.sys/config/config.json')));
    for (const end = Date.now() + READY_MS; Date.now() < end && lacking().length > 0; await sleep(500))
      await run(program('mc'), ['admin', 'config', 'set', 'set', 'scanner', 'speed=default'], env).catch(
        () => undefined,
      );
    if (lacking().length > 0) throw new Error("MinIO's settings are not on all drives");
  }

  private async until(process: number, health: string, isSo: (answer: Answer) => boolean): Promise<void> {
    for (const end = Date.now() + READY_MS; Date.now() < end; await sleep(100)) {
      const answer = await this.ask(process, 'GET', `/minio/health/${health}`).catch(() => undefined);
      if (answer && isSo(answer)) return;
    }
    throw new Error(`process ${process} is not ready`);
  }

  private ask(process: number, method: string, path: string, body?: string): Promise<Answer> {
    const port = this.portOf(process);
    const { accessKey: accessKeyId, secretKey: secretAccessKey } = ROOT;
    const target = { service: 's3', region: 'us-east-1', host: `127.0.0.1:${port}`, method, path, body };
    const headers = sign(target, { accessKeyId, secretAccessKey }).headers as Record<string, string>;
    return exchange(method, port, path, headers, body === undefined ? undefined : Buffer.from(body));
  }
}

async function servers(webhookPort: number): Promise<ServerProcess[]> {
  const places = await Promise.all(
    PROCESSES.map(async () => ({ folder: serverFolder('erasure-set'), port: await freePort() })),
  );
  const drives = places.map(({ folder, port }) => `http://127.0.0.1:${port}${join(folder, 'drive')}`);
  return places.map(({ folder, port }) => {
    const command = [program('minio'), 'server', '--address', `127.0.0.1:${port}`, ...drives];
    return new ServerProcess(folder, port, command, {
      MINIO_ROOT_USER: ROOT.accessKey,
      MINIO_ROOT_PASSWORD: ROOT.secretKey,
      MINIO_BROWSER: 'off',
      MINIO_UPDATE: 'off',
      [`MINIO_NOTIFY_WEBHOOK_ENABLE_${WEBHOOK_TARGET}`]: 'on',
      [`MINIO_NOTIFY_WEBHOOK_ENDPOINT_${WEBHOOK_TARGET}`]: `http://127.0.0.1:${webhookPort}/events`,
      MINIO_API_SYNC_EVENTS: 'on',
      MINIO_SYNC_BOOT: 'on',
      // Drives that share the machine's disk, and in a container an address that isn't the world's.
      MINIO_CI_CD: 'on',
      _MINIO_SERVER_LOCAL: `127.0.0.1:${port}`,
    });
  });
}
