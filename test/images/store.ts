import { ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { sign } from 'aws4';

const HOST = '127.0.0.1';
const PORT = 9000;
const START_MS = 30_000;

export interface Answer {
  readonly status: number;
  readonly body: Buffer;
}

/** A MinIO of the suite's own, on the loopback of its own network. */
export class Store {
  static readonly port = PORT;
  readonly accessKey = 'oscar-test';
  readonly secretKey = 'not-a-secret-of-anybody';

  /** With empty buckets of these names. */
  static async start(...buckets: string[]): Promise<Store> {
    const programs = process.env.OSCAR_TEST_PROGRAMS;
    if (!programs) throw new Error('OSCAR_TEST_PROGRAMS is not set: run test/images/run');
    const store = new Store(join(programs, 'minio'), mkdtempSync(join(tmpdir(), 'oscar-minio-')));
    await store.untilReady();
    for (const bucket of buckets) await store.must('PUT', `/${bucket}`);
    return store;
  }

  private readonly process: ChildProcess;

  private constructor(
    minio: string,
    private readonly folder: string,
  ) {
    mkdirSync(join(folder, 'data'));
    const log = openSync(this.log, 'w');
    this.process = spawn(minio, ['server', '--address', `${HOST}:${PORT}`, join(folder, 'data')], {
      stdio: ['ignore', log, log],
      env: {
        HOME: folder,
        MINIO_ROOT_USER: this.accessKey,
        MINIO_ROOT_PASSWORD: this.secretKey,
        MINIO_BROWSER: 'off',
      },
    });
  }

  async put(path: string, body: Buffer): Promise<void> {
    await this.must('PUT', encoded(path), body);
  }

  /** Nothing when there is no such object. */
  async get(path: string): Promise<Buffer | undefined> {
    const { status, body } = await this.ask('GET', encoded(path));
    if (status === 404) return undefined;
    if (status !== 200) throw new Error(`GET ${path}: ${status} ${body.toString('utf8')}`);
    return body;
  }

  /** Paths of all objects in a bucket, sorted. */
  async list(bucket: string): Promise<string[]> {
    const { body } = await this.must('GET', `/${bucket}?list-type=2`);
    return [...body.toString('utf8').matchAll(/<Key>([^<]*)<\/Key>/g)].map(([, key]) => key);
  }

  async stop(): Promise<void> {
    const exited = new Promise((resolve) => this.process.once('exit', resolve));
    this.process.kill();
    await exited;
    rmSync(this.folder, { recursive: true });
  }

  private get log(): string {
    return join(this.folder, 'log');
  }

  private async untilReady(): Promise<void> {
    for (const end = Date.now() + START_MS; Date.now() < end; await sleep(100)) {
      const answer = await this.ask('GET', '/minio/health/cluster').catch(() => undefined);
      if (answer?.status === 200) return;
      if (this.process.exitCode !== null) break;
    }
    throw new Error(`MinIO doesn't start:\n${readFileSync(this.log, 'utf8')}`);
  }

  private async must(method: string, path: string, body?: Buffer): Promise<Answer> {
    const answer = await this.ask(method, path, body);
    if (answer.status !== 200) throw new Error(`${method} ${path}: ${answer.status} ${answer.body.toString('utf8')}`);
    return answer;
  }

  private ask(method: string, path: string, body?: Buffer): Promise<Answer> {
    const { accessKey: accessKeyId, secretKey: secretAccessKey } = this;
    const signed = sign(
      { service: 's3', region: 'us-east-1', host: `${HOST}:${PORT}`, method, path, body },
      { accessKeyId, secretAccessKey },
    );
    return exchange(method, PORT, path, signed.headers as Record<string, string>, body);
  }
}

const encoded = (path: string) =>
  path
    .split('/')
    .map((part) => `/${encodeURIComponent(part)}`)
    .join('');

/** One request to this machine, whatever becomes of it. */
export function exchange(
  method: string,
  port: number,
  path: string,
  headers: Readonly<Record<string, string>> = {},
  body?: Buffer,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request({ host: HOST, port, path, method, headers, agent: false }, (response) => {
      const parts: Buffer[] = [];
      response.on('data', (part: Buffer) => parts.push(part));
      response.on('error', reject);
      response.on('end', () => resolve({ status: response.statusCode!, body: Buffer.concat(parts) }));
    });
    sent.on('error', reject);
    sent.end(body);
  });
}
