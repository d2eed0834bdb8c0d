import { once } from 'node:events';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { makeCertificates } from './certificates';
import { serverFolder } from './process';

/** As `ProvisionerProcess` is told. */
const OWN_JOB = { metadata: { name: 'oscar-provisioner-1', creationTimestamp: '2026-03-01T10:00:00Z' } };

type Secret = Readonly<Record<string, string>>;

/** As much of a Kubernetes API server as the provisioner asks for: Secrets, and no Jobs but its own. */
export class SecretApi {
  static async start(): Promise<SecretApi> {
    const folder = serverFolder('api');
    const account = join(folder, 'account');
    mkdirSync(account);
    const { ca, cert, key } = await makeCertificates(folder);
    writeFileSync(join(account, 'ca.crt'), ca);
    writeFileSync(join(account, 'token'), 'not-a-token\n');
    const server = createServer({ cert: readFileSync(cert), key: readFileSync(key) });
    const api = new SecretApi(folder, account, server);
    server.on('request', (request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const text = Buffer.concat(chunks).toString('utf8');
        const [status, body] = api.answer(request.method!, request.url!, text === '' ? undefined : JSON.parse(text));
        response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
      });
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    return api;
  }

  /** `namespace/name` → its values. */
  readonly secrets = new Map<string, Secret>();

  private constructor(
    private readonly folder: string,
    /** What a pod's ServiceAccount would be. */
    readonly account: string,
    private readonly server: Server,
  ) {}

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  stop(): void {
    this.server.closeAllConnections();
    this.server.close();
    rmSync(this.folder, { recursive: true });
  }

  private answer(
    method: string,
    url: string,
    body?: { metadata: { name: string }; stringData: Secret },
  ): [number, unknown] {
    const [, , , , namespace, kind, name] = url.split('?')[0].split('/');
    if (url.startsWith('/apis/batch/')) return [200, { items: [OWN_JOB] }];
    if (kind === 'pods') return [200, { items: [] }];
    if (kind !== 'secrets') return [404, { message: `no ${url}` }];
    const at = `${namespace}/${name ?? body?.metadata.name}`;
    const there = this.secrets.get(at);
    if (method === 'POST' && there) return [409, { message: `${at} already exists` }];
    if (method === 'POST') return this.secrets.set(at, body!.stringData) && [201, body];
    if (!there) return [404, { message: `${at} not found` }];
    const data = Object.entries(there).map(([key, value]) => [key, Buffer.from(value).toString('base64')]);
    return [200, { data: Object.fromEntries(data) }];
  }
}
