import type { IncomingMessage, ServerResponse } from 'node:http';
import { bodyOf, TestServer } from './server';

/** How Oneprovider (op-worker, `src/http/cdmi`) differs from the standard. */
export interface Manners {
  /** What its file system refuses (no such folder, there is one already) is 400, as it makes POSIX errors. */
  readonly oneprovider: boolean;
}

/**
 * CDMI 1.1.1 in memory, written from the standard; numbers are its clauses. Containers' paths end with a slash (7.1).
 * Requests with `X-CDMI-Specification-Version` are those of clauses 8 and 9, others those of 6 and 7.
 */
export class CdmiServer extends TestServer {
  readonly objects = new Map<string, Buffer>();
  readonly containers = new Set(['/my space/']);
  readonly token = 'TOKEN.MDAxY2xvY2F0aW9u';
  private time = 0;
  private readonly times = new Map<string, number>();

  constructor(
    private readonly manners: Manners,
    tls?: { key: string; cert: string },
  ) {
    super((request, response) => this.handle(request, response), tls);
  }

  private handle(request: IncomingMessage, response: ServerResponse): unknown {
    const [path, query = ''] = request.url!.split('?');
    const status = (code: number, body = '') => void response.writeHead(code).end(body);
    const token = request.headers['x-auth-token'];
    if (token !== this.token) return status(401, JSON.stringify({ error: { description: `no user has ${token}` } }));
    if (!path.startsWith('/cdmi/')) return status(404);
    const at = decodeURIComponent(path.slice('/cdmi'.length));
    const cdmi = request.headers['x-cdmi-specification-version'] === '1.1.1';
    const isContainer = at.endsWith('/');
    switch (`${request.method} ${isContainer ? 'container' : 'object'}`) {
      case 'GET container':
        // Oneprovider reads containers by CDMI only; a plain read is 400 there.
        if (!cdmi) return status(400);
        return this.containers.has(at)
          ? status(200, JSON.stringify({ [query]: 'application/cdmi-container' }))
          : status(404);
      case 'PUT container':
        return this.makeContainer(at, status);
      case 'GET object':
        return cdmi ? this.metadata(at, query, status) : this.read(at, request, response);
      case 'PUT object':
        return this.write(at, request, response);
      case 'DELETE object': // 6.5
        return status(this.objects.delete(at) ? 204 : 404);
      default:
        return status(405);
    }
  }

  /** 7.2: the containers above exist already, or 404. */
  private makeContainer(at: string, status: (code: number) => void): void {
    const { oneprovider } = this.manners;
    if (!this.containers.has(parent(at))) return status(oneprovider ? 400 : 404);
    if (this.containers.has(at)) return status(oneprovider ? 400 : 204);
    this.containers.add(at);
    status(201);
  }

  /** 8.4 with a field and a prefix of names: `?metadata:<prefix>`; 16.3 says which names the system fills in. */
  private metadata(at: string, query: string, status: (code: number, body?: string) => void): void {
    const content = this.objects.get(at);
    if (!content) return status(404);
    if (query !== 'metadata:cdmi_') return status(400);
    const cdmi_mtime = new Date(this.times.get(at) ?? 0).toISOString();
    status(200, JSON.stringify({ metadata: { cdmi_size: String(content.length), cdmi_mtime } }));
  }

  /** 6.3, and 5.13.3: ranges of bytes as RFC 2616 has them. Oneprovider leaves out `Content-Range`. */
  private read(at: string, { headers }: IncomingMessage, response: ServerResponse): void {
    const content = this.objects.get(at);
    if (!content) return void response.writeHead(404).end();
    const from = Number(/^bytes=(\d+)-$/.exec(headers.range ?? 'bytes=0-')![1]);
    const range = headers.range !== undefined;
    const told = range && !this.manners.oneprovider;
    response.writeHead(range ? 206 : 200, {
      'content-length': content.length - from,
      ...(told ? { 'content-range': `bytes ${from}-${content.length - 1}/${content.length}` } : {}),
    });
    response.end(content.subarray(from));
  }

  /** 6.2: 201 where it is new, else 204. What came of a body that breaks stays there. */
  private async write(at: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (!this.containers.has(parent(at))) return void response.writeHead(this.manners.oneprovider ? 400 : 404).end();
    const status = this.objects.has(at) ? 204 : 201;
    this.put(at, Buffer.alloc(0));
    if (request.headers.expect) response.writeContinue();
    request.on('data', (chunk: Buffer) => this.put(at, Buffer.concat([this.objects.get(at)!, chunk])));
    await bodyOf(request).catch(() => {});
    response.writeHead(status).end();
  }

  put(at: string, content: Buffer): void {
    this.objects.set(at, content);
    this.times.set(at, ++this.time * 1000);
  }
}

const parent = (at: string) => at.replace(/[^/]*\/?$/, '');
