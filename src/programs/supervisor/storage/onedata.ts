/**
 * Onedata by CDMI 1.1.1 (ISO/IEC 17826), in its plain HTTP form: clause 6 (data objects using HTTP) and 7 (containers using
 * HTTP). Only what plain HTTP can't tell is asked for with `X-CDMI-Specification-Version`, which makes a request one of
 * clause 8 or 9. Where Oneprovider differs from the standard, a comment says so.
 */
import type { IncomingMessage, OutgoingHttpHeaders } from 'node:http';
import { InvocationError } from '../failure';
import { download } from './download';
import { Body, HttpClient, readText } from './http';
import { mayPass, patiently, PassingError, pauseMs } from './retry';
import { SourceFile } from './source-file';
import type { OnedataSettings, Storage, Transfer } from './storage';
import { encodePath, namesIn, quoted, quotedWithout } from './words';

const CDMI = { 'x-cdmi-specification-version': '1.1.1' };

export class OnedataStorage implements Storage {
  constructor(
    private readonly settings: OnedataSettings,
    private readonly http = new HttpClient(settings.tls),
  ) {}

  /** 6.3, Read a data object using HTTP; a range by 5.13.3 (Range support). */
  async download(path: string, file: string, transfer: Transfer): Promise<number> {
    const { what, at } = this.resource('download of', path);
    const get = async (headers: OutgoingHttpHeaders) => {
      const answer = await this.send('GET', at, transfer, { headers });
      if (![200, 206, 412, 416].includes(answer.statusCode!)) throw await this.refusal(what, answer);
      return answer;
    };
    return download({ what, get, version: () => this.version(what, at, transfer) }, file, transfer);
  }

  /** 6.2, Create a data object using HTTP. */
  async upload(file: string, path: string, transfer: Transfer): Promise<number> {
    const { what, at, containers } = this.resource('upload of', path);
    const source = await SourceFile.open(file);
    const put = new Put(source.part());
    try {
      await patiently(what, transfer, async () => {
        // A missing container is 404; Oneprovider says 400 to all that its file system refuses.
        if (await this.put(what, at, put, transfer, [400, 404])) return;
        await this.makeContainers(what, containers, transfer);
        await this.put(what, at, put, transfer);
      });
      return source.bytes;
    } catch (error) {
      if (put.torn) await this.remove(what, at, transfer);
      throw error;
    } finally {
      await source.close();
    }
  }

  close(): void {
    this.http.close();
  }

  private async put(what: string, at: string, put: Put, transfer: Transfer, expected: number[] = []): Promise<boolean> {
    const headers = { 'content-type': 'application/octet-stream' };
    const answer = await this.send('PUT', at, transfer, { headers, body: put.body });
    put.answered(answer);
    if (!isFine(answer) && !expected.includes(answer.statusCode!)) throw await this.refusal(what, answer);
    await readText(answer);
    return isFine(answer);
  }

  /** 7.2, Create a container object using HTTP: those that are missing, from the first of them on. */
  private async makeContainers(what: string, containers: readonly string[], transfer: Transfer): Promise<void> {
    let there = containers.length;
    while (there > 0 && !(await this.hasContainer(what, containers[there - 1], transfer))) there--;
    for (const at of containers.slice(there)) {
      const answer = await this.send('PUT', at, transfer);
      // Somebody else may have made it meanwhile: Oneprovider refuses a second time with 400.
      if (isFine(answer) || (answer.statusCode! < 500 && (await this.hasContainer(what, at, transfer)))) {
        await readText(answer);
      } else throw await this.refusal(`${what}: making its container`, answer);
    }
  }

  /** 9.4, Read a container object using CDMI; of one field, as there may be too many children to list. */
  private async hasContainer(what: string, at: string, transfer: Transfer): Promise<boolean> {
    const answer = await this.send('GET', `${at}?objectType`, transfer, { headers: CDMI });
    if (mayPass(answer.statusCode!) || [401, 403].includes(answer.statusCode!)) throw await this.refusal(what, answer);
    await readText(answer);
    return isFine(answer);
  }

  /** Oneprovider sends no ETag: 8.4, Read a data object using CDMI, has its time and size (16.3, storage system metadata). */
  private async version(what: string, at: string, transfer: Transfer): Promise<string | undefined> {
    const headers = { ...CDMI, accept: 'application/cdmi-object' };
    const answer = await this.send('GET', `${at}?metadata:cdmi_`, transfer, { headers });
    if (mayPass(answer.statusCode!)) throw await this.refusal(what, answer);
    const { cdmi_mtime: time, cdmi_size: size } = metadataIn(isFine(answer), await readText(answer));
    return time === undefined ? undefined : `${time} ${size}`;
  }

  /** 6.5, Delete a data object using HTTP: an upload writes into the object itself, so half of one is there for all to see. */
  private async remove(what: string, at: string, { warn }: Transfer): Promise<void> {
    const left = (why: string) => warn(`${what}: what was written of it could not be removed: ${why}`);
    try {
      const answer = await this.send('DELETE', at, {});
      await readText(answer);
      if (!isFine(answer) && answer.statusCode !== 404) left(`the provider answers ${answer.statusCode}`);
    } catch (error) {
      left((error as Error).message);
    }
  }

  private send(
    method: 'GET' | 'PUT' | 'DELETE',
    path: string,
    { signal }: Pick<Transfer, 'signal'>,
    { headers, body }: { headers?: OutgoingHttpHeaders; body?: Body } = {},
  ): Promise<IncomingMessage> {
    const auth = { 'x-auth-token': this.settings.token };
    const origin = this.settings.url;
    return this.http.send({ method, origin, path, headers: { ...headers, ...auth }, body, signal, askFirst: true });
  }

  private async refusal(what: string, answer: IncomingMessage): Promise<Error> {
    const { statusCode = 0, headers } = answer;
    const said = `the provider answers ${statusCode} ${quotedWithout([this.settings.token], await readText(answer))}`;
    if (mayPass(statusCode)) return new PassingError(said, { pauseMs: pauseMs(headers['retry-after']) });
    const words = IN_WORDS[statusCode];
    return new InvocationError('storage', `${what}: ${words ? `${words} (${statusCode})` : said}`);
  }

  private resource(verb: string, path: string): { what: string; at: string; containers: string[] } {
    const { space, url } = this.settings;
    const what = `${verb} ${quoted(path)} (onedata, ${url}, space ${quoted(space)})`;
    const names = namesIn(path);
    if (!names) {
      throw new InvocationError(
        'storage',
        `${what}: not the path of a file. Allowed: names joined by "/", no "." or ".."`,
      );
    }
    const under = (count: number) => `/cdmi/${encodePath([space, ...names.slice(0, count)].join('/'))}`;
    // A container's URI ends with a slash (7.1), a data object's doesn't.
    return { what, at: under(names.length), containers: names.slice(1).map((_, i) => `${under(i + 1)}/`) };
  }
}

/** The body, and whether it may have been written in part. */
class Put {
  torn = false;
  readonly body: Body;

  constructor({ bytes, chunks }: Body) {
    // Called once the server wants the body; a refusal before that says nothing of the object.
    const begin = () => {
      this.torn ||= bytes > 0;
      return chunks();
    };
    this.body = { bytes, chunks: begin };
  }

  /** Only a whole body makes up for what was written: by this try before it was refused, or by those before it. */
  answered(answer: IncomingMessage): void {
    if (isFine(answer)) this.torn = false;
  }
}

const IN_WORDS: Readonly<Record<number, string>> = {
  401: 'the token is refused',
  403: 'access is denied: the user of the token may not do this',
  404: 'there is no such file, or no such space',
  507: 'the space is full',
};

const isFine = ({ statusCode = 0 }: IncomingMessage) => statusCode >= 200 && statusCode < 300;

function metadataIn(isJson: boolean, text: string): Record<string, unknown> {
  try {
    return (isJson && JSON.parse(text)?.metadata) || {};
  } catch {
    return {};
  }
}
