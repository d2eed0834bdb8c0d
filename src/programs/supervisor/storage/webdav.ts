import type { IncomingMessage, OutgoingHttpHeaders } from 'node:http';
import { InvocationError } from '../failure';
import { download } from './download';
import { Body, HttpClient, readText } from './http';
import { mayPass, patiently, PassingError, pauseMs } from './retry';
import { SourceFile } from './source-file';
import type { Storage, Transfer, WebdavSettings } from './storage';
import { encodePath, namesIn, quoted, quotedWithout } from './words';

/** dCache's doors send transfers on to pools. */
const MOST_REDIRECTS = 5;
const REDIRECTS = [301, 302, 307, 308];

/** WebDAV (RFC 4918): Apache, Nextcloud, dCache. */
export class WebdavStorage implements Storage {
  private readonly origin: string;
  private readonly root: string;

  constructor(
    private readonly settings: WebdavSettings,
    private readonly http = new HttpClient(settings.tls),
  ) {
    const { origin, pathname } = new URL(settings.url);
    this.origin = origin;
    this.root = pathname.replace(/\/+$/, '');
  }

  async download(path: string, file: string, transfer: Transfer): Promise<number> {
    const { what, at } = this.resource('download of', path);
    const get = async (headers: OutgoingHttpHeaders) => {
      const answer = await this.send(what, { method: 'GET', at, headers, signal: transfer.signal });
      if (![200, 206, 412, 416].includes(answer.statusCode!)) throw await this.refusal(what, answer);
      return answer;
    };
    return download({ what, get }, file, transfer);
  }

  async upload(file: string, path: string, transfer: Transfer): Promise<number> {
    const { what, at } = this.resource('upload of', path);
    const source = await SourceFile.open(file);
    try {
      await patiently(what, transfer, async () => {
        // Without its collection a PUT is refused with 409 (RFC 4918, 9.7.1); some servers say 404.
        if (await this.put(what, at, source, transfer, [404, 409])) return;
        await this.makeCollection(what, parent(at), transfer);
        await this.put(what, at, source, transfer);
      });
      return source.bytes;
    } finally {
      await source.close();
    }
  }

  close(): void {
    this.http.close();
  }

  /** @returns whether it was done; not when the answer is one of `expected` */
  private async put(what: string, at: string, source: SourceFile, transfer: Transfer, expected: number[] = []) {
    const headers = { 'content-type': 'application/octet-stream' };
    const body = source.part();
    const answer = await this.send(what, { method: 'PUT', at, headers, body, signal: transfer.signal });
    if (!isFine(answer) && !expected.includes(answer.statusCode!)) throw await this.refusal(what, answer);
    await readText(answer);
    return isFine(answer);
  }

  /**
   * Makes a collection and those above it that are missing: from below, as upper ones need not be ours to ask for.
   * 405: there is one, made by whomever; 409: the one above is missing (RFC 4918, 9.3.1).
   */
  private async makeCollection(what: string, at: string, transfer: Transfer): Promise<void> {
    const call = { method: 'MKCOL', at: `${at}/`, headers: {}, signal: transfer.signal } as const;
    const make = async (expected: number) => {
      let answer = await this.send(what, call);
      if (answer.statusCode === 403) {
        // Of two who make it at once, Apache forbids it to one; asked again it says that it is there.
        await readText(answer);
        answer = await this.send(what, call);
      }
      if (isFine(answer) || [405, expected].includes(answer.statusCode!)) await readText(answer);
      else throw await this.refusal(`${what}: making its collection`, answer);
      return answer.statusCode !== expected;
    };
    if (at === this.root) return;
    if (await make(409)) return;
    await this.makeCollection(what, parent(at), transfer);
    await make(405);
  }

  /** Follows redirects of GET and PUT; credentials are for the server that the settings name, and for no other. */
  private async send(what: string, call: Call): Promise<IncomingMessage> {
    let [origin, path] = [this.origin, call.at];
    for (let hops = 0; ; hops++) {
      const headers = { ...call.headers, ...(origin === this.origin ? this.credentials() : {}) };
      const { method, body, signal } = call;
      // Asked first, so that the body goes to its last place only.
      const answer = await this.http.send({ method, origin, path, headers, body, signal, askFirst: true });
      if (method === 'MKCOL' || !REDIRECTS.includes(answer.statusCode!)) return answer;
      await readText(answer);
      if (hops === MOST_REDIRECTS)
        throw new InvocationError('storage', `${what}: more than ${MOST_REDIRECTS} redirects`);
      const next = target(answer, origin + path);
      if (!next) throw new InvocationError('storage', `${what}: the server redirects it to no web address`);
      [origin, path] = [next.origin, next.pathname + next.search];
    }
  }

  private credentials(): OutgoingHttpHeaders {
    const { auth } = this.settings;
    if (!auth) return {};
    return { authorization: 'token' in auth ? `Bearer ${auth.token}` : `Basic ${basic(auth)}` };
  }

  private async refusal(what: string, answer: IncomingMessage): Promise<Error> {
    await readText(answer);
    const { statusCode = 0, headers } = answer;
    const said = `the server answers ${statusCode} ${quotedWithout(secretsOf(this.settings), answer.statusMessage ?? '')}`;
    if (mayPass(statusCode)) return new PassingError(said, { pauseMs: pauseMs(headers['retry-after']) });
    return new InvocationError('storage', `${what}: ${IN_WORDS[statusCode] ?? said} (${statusCode})`);
  }

  private resource(verb: string, path: string): { what: string; at: string } {
    const what = `${verb} ${quoted(path)} (webdav, ${this.settings.url})`;
    const names = namesIn(path);
    if (!names) {
      throw new InvocationError(
        'storage',
        `${what}: not the path of a file. Allowed: names joined by "/", no "." or ".."`,
      );
    }
    return { what, at: `${this.root}/${encodePath(names.join('/'))}` };
  }
}

type Login = Extract<WebdavSettings['auth'], { readonly login: string }>;

interface Call {
  readonly method: 'GET' | 'PUT' | 'MKCOL';
  /** Encoded path on the server. */
  readonly at: string;
  readonly headers: OutgoingHttpHeaders;
  readonly body?: Body;
  readonly signal?: AbortSignal;
}

const IN_WORDS: Readonly<Record<number, string>> = {
  401: 'the credentials are refused, or of a kind that the server takes none of (ours are Basic or Bearer)',
  403: 'access is denied: the user may not do this',
  404: 'there is nothing at this path',
  405: 'the server takes no files here: it speaks no WebDAV at this path',
  409: 'its collection is missing and could not be made',
  423: 'it is locked',
  507: 'the server is full',
};

const basic = ({ login, password }: Login) => Buffer.from(`${login}:${password}`).toString('base64');

/** What a server may repeat of the credentials: node:http reads a status line as Latin-1. */
function secretsOf({ auth }: WebdavSettings): string[] {
  if (!auth) return [];
  if ('token' in auth) return [auth.token];
  return [basic(auth), auth.password, Buffer.from(auth.password).toString('latin1')];
}

const isFine = ({ statusCode = 0 }: IncomingMessage) => statusCode >= 200 && statusCode < 300;

const parent = (at: string) => at.slice(0, at.lastIndexOf('/'));

function target({ headers: { location } }: IncomingMessage, from: string): URL | undefined {
  if (location === undefined || !URL.canParse(location, from)) return undefined;
  const url = new URL(location, from);
  return /^https?:$/.test(url.protocol) ? url : undefined;
}
