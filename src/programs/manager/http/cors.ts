import type { IncomingMessage, ServerResponse } from 'node:http';

const METHODS = 'GET, HEAD, POST, PUT, DELETE';
/** How long a browser may keep what a preflight said: the longest that any takes. */
const MAX_AGE_SECONDS = 7200;

/** Which other sites' scripts may read answers. */
export class Cors {
  constructor(private readonly origins: readonly string[]) {}

  allows(origin: string | undefined): origin is string {
    return origin !== undefined && (this.any || this.origins.includes(origin));
  }

  /** What every answer says of it. */
  apply({ headers: { origin } }: IncomingMessage, response: ServerResponse): void {
    if (!this.origins.length) return;
    if (!this.any) response.setHeader('vary', 'Origin');
    if (!this.allows(origin)) return;
    response.setHeader('access-control-allow-origin', this.any ? '*' : origin);
    response.setHeader('access-control-expose-headers', 'Retry-After, X-Invocation-Id');
  }

  /** Answers OPTIONS: alike on every path, so it tells nobody which there are. */
  answerOptions({ headers }: IncomingMessage, response: ServerResponse): void {
    const asked = headers['access-control-request-method'] !== undefined;
    if (!asked || !this.allows(headers.origin)) {
      response.writeHead(405, { allow: METHODS, 'content-length': 0 }).end();
      return;
    }
    response
      .writeHead(204, {
        'access-control-allow-methods': METHODS,
        'access-control-allow-headers': 'Authorization, Content-Type, Accept',
        'access-control-max-age': String(MAX_AGE_SECONDS),
      })
      .end();
  }

  /**
   * Whether a browser may have sent this for another site's page, with the login that its user typed here: what changes
   * something is refused then. A token is nothing that a browser adds by itself, and `*` names nobody.
   */
  isForeign({ method, headers: { origin, host, authorization = '' } }: IncomingMessage): boolean {
    if (origin === undefined || method === 'GET' || method === 'HEAD') return false;
    if (this.origins.includes(origin) || /^bearer[ \t]/i.test(authorization)) return false;
    return hostOf(origin) !== host;
  }

  private get any(): boolean {
    return this.origins.includes('*');
  }
}

/** `null` is an origin too: that of a page in a sandbox. */
function hostOf(origin: string): string | undefined {
  try {
    return new URL(origin).host;
  } catch {
    return undefined;
  }
}
