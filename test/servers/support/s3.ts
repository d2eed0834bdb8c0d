import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { S3Settings } from '../../../src/programs/supervisor/storage/storage';
import { Certificates, makeCertificates } from './certificates';
import { freePort, program, run, ServerProcess, serverFolder } from './process';

export interface S3Options {
  /** With a certificate of an authority of its own. @default plain HTTP */
  readonly tls?: boolean;
  /** Takes virtual-host style, too, with these buckets before `localhost`. */
  readonly hosts?: readonly string[];
}

const KEYS = { accessKey: 'oscar-test', secretKey: 'not-a-secret-of-anybody' };

/** A MinIO, with an empty bucket `bucket`. */
export async function startMinio({ tls = false, hosts }: S3Options = {}): Promise<RealS3> {
  const folder = serverFolder('minio');
  const port = await freePort();
  mkdirSync(join(folder, 'certs'));
  const certificates = tls ? await makeCertificates(join(folder, 'certs'), ...(hosts ?? [])) : undefined;
  const options = ['--quiet', '--certs-dir', join(folder, 'certs'), '--address', `127.0.0.1:${port}`];
  const env = {
    MINIO_ROOT_USER: KEYS.accessKey,
    MINIO_ROOT_PASSWORD: KEYS.secretKey,
    MINIO_BROWSER: 'off',
    ...(hosts ? { MINIO_DOMAIN: 'localhost' } : {}),
  };
  const server = new ServerProcess(folder, port, [program('minio'), 'server', ...options, join(folder, 'data')], env);
  return RealS3.start(server, 'minio', certificates);
}

/** Versity's S3 gateway over a folder: an S3 server that is not MinIO. With an empty bucket `bucket`. */
export async function startVersity({ tls = false, hosts }: S3Options = {}): Promise<RealS3> {
  const folder = serverFolder('versity');
  const port = await freePort();
  for (const name of ['data', 'metadata', 'users', 'certs']) mkdirSync(join(folder, name));
  const certificates = tls ? await makeCertificates(join(folder, 'certs'), ...(hosts ?? [])) : undefined;
  const options = [
    ...['--quiet', '--port', `127.0.0.1:${port}`, '--access', KEYS.accessKey, '--secret', KEYS.secretKey],
    ...['--iam-dir', join(folder, 'users')],
    ...(certificates ? ['--cert', certificates.cert, '--key', certificates.key] : []),
    ...(hosts ? ['--virtual-domain', `localhost:${port}`] : []),
  ];
  const backend = ['posix', '--sidecar', join(folder, 'metadata'), join(folder, 'data')];
  const server = new ServerProcess(folder, port, [program('versitygw'), ...options, ...backend]);
  return RealS3.start(server, 's3', certificates);
}

/** A server, and MinIO's client to look into it from another side. */
export class RealS3 {
  static async start(server: ServerProcess, type: 'minio' | 's3', certificates?: Certificates): Promise<RealS3> {
    await server.start();
    const s3 = new RealS3(server, type, certificates);
    await s3.mc('mb', 'test/bucket');
    return s3;
  }

  private constructor(
    readonly server: ServerProcess,
    private readonly type: 'minio' | 's3',
    private readonly certificates?: Certificates,
  ) {}

  get port(): number {
    return this.server.port;
  }

  /** Settings of a provider that is this server. */
  settings(more: Partial<S3Settings> = {}): S3Settings {
    return {
      type: this.type,
      endpoint: this.endpoint('127.0.0.1'),
      region: 'us-east-1',
      pathStyle: true,
      ...KEYS,
      tls: { verify: true, ca: this.certificates?.ca },
      ...more,
    };
  }

  endpoint(host: string): string {
    return `${this.certificates ? 'https' : 'http'}://${host}:${this.port}`;
  }

  /** `mc`, to which this server is known as `test`. */
  mc(...args: string[]): Promise<string> {
    const { accessKey, secretKey } = KEYS;
    const url = this.endpoint('127.0.0.1').replace('//', `//${accessKey}:${secretKey}@`);
    const env = { HOME: this.server.folder, PATH: process.env.PATH, MC_HOST_test: url };
    return run(program('mc'), ['--quiet', '--insecure', '--config-dir', join(this.server.folder, 'mc'), ...args], env);
  }

  /** Content of an object, as `mc` reads it. */
  async content(path: string, file = join(this.server.folder, 'content')): Promise<string> {
    await this.mc('cp', `test/${path}`, file);
    return file;
  }

  /** Keys of all objects in the bucket. */
  async keys(): Promise<string[]> {
    const lines = (await this.mc('ls', '--recursive', '--json', 'test/bucket')).split('\n').filter(Boolean);
    return lines.map((line) => JSON.parse(line).key as string).sort();
  }

  /** Uploads that were begun and neither completed nor aborted. */
  async unfinished(): Promise<string[]> {
    const lines = (await this.mc('ls', '--recursive', '--incomplete', '--json', 'test/bucket')).split('\n');
    return lines.filter(Boolean).map((line) => JSON.parse(line).key as string);
  }

  stop(): Promise<void> {
    return this.server.stop();
  }
}
