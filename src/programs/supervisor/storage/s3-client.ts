import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { sign } from 'aws4';
import { Body, HttpClient, readText, textBody } from './http';
import { regionToAsk, s3Error } from './s3-errors';
import type { SourceFile } from './source-file';
import type { S3Settings } from './storage';
import { encodePath, encodeSegment } from './words';

/** SHA-256 of nothing. */
const EMPTY = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';
const UNSIGNED = 'UNSIGNED-PAYLOAD';

export interface S3Call {
  /** For messages. */
  readonly what: string;
  readonly method: 'GET' | 'HEAD' | 'PUT' | 'POST' | 'DELETE';
  readonly bucket: string;
  readonly key: string;
  readonly query?: Readonly<Record<string, string | number>>;
  readonly headers?: Readonly<Record<string, unknown>>;
  readonly body?: Body;
  /** SHA-256 of the body in hex, or what `payloadHash` says. @default that of an empty one */
  readonly hash?: string;
  readonly signal?: AbortSignal;
  /** Statuses besides 2xx that are an answer and no error. */
  readonly expected?: readonly number[];
}

/** Speaks S3: addresses, signatures (AWS Signature Version 4), errors. */
export class S3Client {
  /** Where buckets turned out to be, if not in the region that the settings name. */
  private readonly regions = new Map<string, string>();

  constructor(
    private readonly settings: S3Settings,
    private readonly http = new HttpClient(settings.tls),
  ) {}

  /** Without TLS the signature covers the content; with it TLS does, and the file is read once. */
  async payloadHash(source: SourceFile, body: Body): Promise<string> {
    return this.secure ? UNSIGNED : source.sha256(body);
  }

  close(): void {
    this.http.close();
  }

  /** @throws PassingError; InvocationError (`storage`), which never tells keys or signatures */
  async call(call: S3Call): Promise<IncomingMessage> {
    const answer = await this.send(call);
    if (isFine(answer, call)) return answer;
    const text = await readText(answer);
    const region = regionToAsk(answer, text);
    if (region === undefined || region === this.region(call.bucket)) throw this.error(call, answer, text);
    this.regions.set(call.bucket, region);
    const second = await this.send(call);
    if (isFine(second, call)) return second;
    throw this.error(call, second, await readText(second));
  }

  /** The same with XML as the answer, and `xml` as the request's body. */
  async callXml(call: S3Call, xml?: string): Promise<string> {
    const request =
      xml === undefined ? {} : { body: textBody(xml), hash: createHash('sha256').update(xml).digest('hex') };
    const answer = await this.call({ ...call, ...request });
    const text = await readText(answer);
    // Long work is answered 200 before it is done, and may still fail.
    if (text.includes('<Error>')) throw this.error(call, answer, text);
    return text;
  }

  private error(call: S3Call, answer: IncomingMessage, text: string): Error {
    const { accessKey, secretKey, sessionToken } = this.settings;
    return s3Error(call, answer, text, [accessKey, secretKey, sessionToken]);
  }

  private send({ method, bucket, key, query, headers, body, hash = EMPTY, signal }: S3Call): Promise<IncomingMessage> {
    const { origin, host, folder } = this.address(bucket);
    const { accessKey, secretKey, sessionToken } = this.settings;
    // aws4 decodes the path and encodes it again, and takes `+` for a space and a segment `.` for nothing: encodePath
    // leaves it neither. Its result is what goes out, not touched by any URL parser.
    const signed = sign(
      {
        service: 's3',
        region: this.region(bucket),
        method,
        path: folder + encodePath(key) + queryText(query),
        headers: { ...headers, host, 'x-amz-content-sha256': hash } as Record<string, string>,
      },
      { accessKeyId: accessKey, secretAccessKey: secretKey, sessionToken },
    );
    return this.http.send({ method, origin, path: signed.path!, headers: signed.headers!, body, signal });
  }

  private get secure(): boolean {
    return this.settings.endpoint.startsWith('https:');
  }

  private region(bucket: string): string {
    return this.regions.get(bucket) ?? this.settings.region;
  }

  /**
   * Virtual-host style only for names that can be part of a host's; with TLS not for those with dots either, as no
   * certificate is for two levels.
   */
  private address(bucket: string): { origin: string; host: string; folder: string } {
    const { protocol, host } = new URL(endpointIn(this.settings.endpoint, this.region(bucket)));
    const inHost = !this.settings.pathStyle && IN_HOST.test(bucket) && !(this.secure && bucket.includes('.'));
    const name = inHost ? `${bucket}.${host}` : host;
    return {
      origin: `${protocol}//${name}`,
      host: name,
      folder: inHost || bucket === '' ? '/' : `/${encodeSegment(bucket)}/`,
    };
  }
}

const IN_HOST = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;

const isFine = ({ statusCode = 0 }: IncomingMessage, { expected = [] }: S3Call) =>
  (statusCode >= 200 && statusCode < 300) || expected.includes(statusCode);

const queryText = (query: S3Call['query']) =>
  query
    ? `?${Object.entries(query)
        .map(([name, value]) => `${name}=${encodeSegment(String(value))}`)
        .join('&')}`
    : '';

/** Amazon has an endpoint a region; others stay where they are. */
function endpointIn(endpoint: string, region: string): string {
  return endpoint.replace(/^(https?:\/\/s3\.)[a-z0-9-]+(\.amazonaws\.com(?:\.cn)?)$/, `$1${region}$2`);
}
