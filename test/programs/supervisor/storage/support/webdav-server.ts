import type { IncomingMessage, ServerResponse } from 'node:http';
import { bodyOf, TestServer } from './server';

/** WebDAV in memory: collections and files by decoded path, answers as RFC 4918 has them (paragraphs beside each). */
export class WebdavServer extends TestServer {
  readonly files = new Map<string, Buffer>();
  readonly collections = new Set(['/']);
  /** The `authorization` that is asked for. */
  authorization?: string;

  constructor() {
    super((request, response) => this.handle(request, response));
  }

  private async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const status = (code: number) => void response.writeHead(code).end();
    if (request.headers.authorization !== this.authorization) return status(401);
    const path = decodeURIComponent(request.url!.split('?')[0]).replace(/(.)\/$/, '$1');
    const parent = path.slice(0, path.lastIndexOf('/')) || '/';
    switch (request.method) {
      case 'MKCOL': // 9.3.1
        if (this.collections.has(path) || this.files.has(path)) return status(405);
        if (!this.collections.has(parent)) return status(409);
        this.collections.add(path);
        return status(201);
      case 'PUT': {
        if (this.collections.has(path)) return status(405); // 9.7.2
        if (!this.collections.has(parent)) return status(409); // 9.7.1
        const body = await bodyOf(request, response).catch(() => undefined);
        if (body) this.files.set(path, body);
        return status(201);
      }
      default: {
        const content = this.files.get(path);
        return void (content ? response.writeHead(200, { etag: '"1"' }).end(content) : status(404));
      }
    }
  }
}
