import { createHash, createHmac } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { bodyOf, TestServer } from './server';

const REGION = 'eu-test-1';
export const KEYS = { accessKey: 'AKIDEXAMPLE', secretKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY' };

/**
 * S3 in memory. Signatures are checked by the algorithm as Amazon publishes it («Create a signed AWS API request» in the
 * IAM User Guide, «Authenticating Requests» in S3's API Reference), not by the library that makes them.
 */
export class S3Server extends TestServer {
  readonly objects = new Map<string, Buffer>();
  /** Of objects that were put together of parts; of others it is their MD5. */
  private readonly etags = new Map<string, string>();
  readonly uploads = new Map<string, { at: string; parts: Map<number, Buffer> }>();
  readonly buckets = new Set(['bucket']);
  /** Where nobody may write: `bucket/key`. */
  readonly readOnly = new Set<string>();
  sessionToken?: string;
  /** Of virtual-host style: buckets are in front of it. */
  domain?: string;
  region = REGION;
  private nextUpload = 1;

  constructor(tls?: { key: string; cert: string }) {
    super((request, response) => this.handle(request, response), tls);
  }

  private async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const refused = this.refusal(request);
    if (refused) return error(response, ...refused);
    const { bucket, key, query } = this.target(request);
    if (!this.buckets.has(bucket)) return error(response, 404, 'NoSuchBucket');
    const at = `${bucket}/${key}`;
    if (request.method !== 'GET' && this.readOnly.has(at)) return error(response, 403, 'AccessDenied');
    const body = await bodyOf(request, response).catch(() => undefined);
    if (body === undefined) return;
    const hash = request.headers['x-amz-content-sha256'];
    if (hash !== 'UNSIGNED-PAYLOAD' && hash !== sha256(body)) return error(response, 400, 'XAmzContentSHA256Mismatch');
    switch (`${request.method} ${[...query.keys()].sort().join()}`) {
      case 'GET ':
      case 'HEAD ':
        return this.get(at, request, response);
      case 'PUT ':
        this.objects.set(at, body);
        this.etags.delete(at);
        return void response.writeHead(200, { etag: etagOf(body) }).end();
      case 'POST uploads':
        return this.begin(at, response);
      case 'PUT partNumber,uploadId':
        return this.part(query, body, response);
      case 'POST uploadId':
        return this.complete(query.get('uploadId')!, body.toString(), response);
      case 'DELETE uploadId':
        return void response.writeHead(this.uploads.delete(query.get('uploadId')!) ? 204 : 404).end();
      default:
        return error(response, 501, 'NotImplemented');
    }
  }

  private target(request: IncomingMessage) {
    const [path, search = ''] = request.url!.split('?');
    const host = request.headers.host!;
    const inHost = this.domain !== undefined && host.endsWith(`.${this.domain}`);
    const full = decodeURIComponent(inHost ? `${host.slice(0, -this.domain!.length - 1)}${path}` : path.slice(1));
    const slash = full.indexOf('/');
    return { bucket: full.slice(0, slash), key: full.slice(slash + 1), query: new URLSearchParams(search) };
  }

  private get(at: string, request: IncomingMessage, response: ServerResponse): void {
    const content = this.objects.get(at);
    if (!content) return error(response, 404, 'NoSuchKey');
    const etag = this.etags.get(at) ?? etagOf(content);
    const condition = request.headers['if-match'];
    if (condition !== undefined && condition !== etag) return error(response, 412, 'PreconditionFailed');
    const range = /^bytes=(\d+)-$/.exec(request.headers.range ?? '');
    const from = range ? Number(range[1]) : 0;
    if (range && from >= content.length) return error(response, 416, 'InvalidRange');
    const rest = content.subarray(from);
    response.writeHead(range ? 206 : 200, {
      etag,
      'content-length': rest.length,
      ...(range ? { 'content-range': `bytes ${from}-${content.length - 1}/${content.length}` } : {}),
    });
    response.end(rest);
  }

  private begin(at: string, response: ServerResponse): void {
    const id = `upload/${this.nextUpload++}+&=`;
    this.uploads.set(id, { at, parts: new Map() });
    const xml = `<UploadId>${id.replace('&', '&amp;')}</UploadId>`;
    response.writeHead(200).end(`<InitiateMultipartUploadResult>${xml}</InitiateMultipartUploadResult>`);
  }

  private part(query: URLSearchParams, body: Buffer, response: ServerResponse): void {
    const upload = this.uploads.get(query.get('uploadId')!);
    if (!upload) return error(response, 404, 'NoSuchUpload');
    upload.parts.set(Number(query.get('partNumber')), body);
    response.writeHead(200, { etag: etagOf(body) }).end();
  }

  complete(id: string, xml: string, response: ServerResponse): void {
    const upload = this.uploads.get(id);
    if (!upload) return error(response, 404, 'NoSuchUpload');
    const named = [...xml.matchAll(/<PartNumber>(\d+)<\/PartNumber><ETag>&quot;(\w+)&quot;<\/ETag>/g)];
    const parts = named.map(([, number]) => upload.parts.get(Number(number)) ?? Buffer.alloc(0));
    if (named.some(([, , etag], i) => etagOf(parts[i]) !== `"${etag}"`)) return error(response, 400, 'InvalidPart');
    if (parts.slice(0, -1).some((part) => part.length < 5 * 1024 ** 2)) return error(response, 400, 'EntityTooSmall');
    this.objects.set(upload.at, Buffer.concat(parts));
    this.uploads.delete(id);
    const etag = combined(parts);
    this.etags.set(upload.at, etag.replaceAll('&quot;', '"'));
    response.writeHead(200).end(`<CompleteMultipartUploadResult><ETag>${etag}</ETag></CompleteMultipartUploadResult>`);
  }

  private refusal(request: IncomingMessage): [number, string] | undefined {
    const header = request.headers.authorization ?? '';
    const form =
      /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/s3\/aws4_request, SignedHeaders=(\S+), Signature=(\w+)$/;
    const parsed = form.exec(header);
    if (!parsed) return [403, 'AccessDenied'];
    const [, accessKey, day, region, signedHeaders, signature] = parsed;
    if (accessKey !== KEYS.accessKey) return [403, 'InvalidAccessKeyId'];
    if (region !== this.region)
      return [400, `AuthorizationHeaderMalformed</Code><Region>${this.region}</Region><Code>`];
    if (request.headers['x-amz-security-token'] !== this.sessionToken) return [403, 'InvalidToken'];
    const names = signedHeaders.split(';');
    const needed = Object.keys(request.headers).filter((name) => name === 'host' || name.startsWith('x-amz-'));
    if (!needed.every((name) => names.includes(name))) return [403, 'AccessDenied'];
    return signature === signatureOf(request, names, day, region) ? undefined : [403, 'SignatureDoesNotMatch'];
  }
}

function signatureOf({ method, url, headers }: IncomingMessage, names: string[], day: string, region: string): string {
  const [path, query = ''] = url!.split('?');
  const encode = (text: string) =>
    [...Buffer.from(text)]
      .map((byte) => {
        const character = String.fromCharCode(byte);
        return /[A-Za-z0-9._~-]/.test(character) ? character : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
      })
      .join('');
  const canonicalQuery = query
    .split('&')
    .filter((pair) => pair !== '')
    .map((pair) => {
      const [name, value = ''] = pair.split('=').map(decodeURIComponent);
      return `${encode(name)}=${encode(value)}`;
    })
    .sort()
    .join('&');
  const canonical = [
    method,
    path
      .split('/')
      .map((segment) => encode(decodeURIComponent(segment)))
      .join('/'),
    canonicalQuery,
    ...names.map((name) => `${name}:${String(headers[name]).trim().replace(/ +/g, ' ')}`),
    '',
    names.join(';'),
    headers['x-amz-content-sha256'],
  ].join('\n');
  const scope = `${day}/${region}/s3/aws4_request`;
  const toSign = ['AWS4-HMAC-SHA256', headers['x-amz-date'], scope, sha256(Buffer.from(canonical))].join('\n');
  const key = [day, region, 's3', 'aws4_request'].reduce<Buffer | string>(
    (secret, text) => createHmac('sha256', secret).update(text).digest(),
    `AWS4${KEYS.secretKey}`,
  );
  return createHmac('sha256', key).update(toSign).digest('hex');
}

/** Messages repeat the secrets, as some servers repeat what was signed. */
function error(response: ServerResponse, status: number, code: string): void {
  const message = `said ${KEYS.accessKey} ${KEYS.secretKey}`;
  response.writeHead(status, { 'content-type': 'application/xml' });
  response.end(`<?xml version="1.0"?><Error><Code>${code}</Code><Message>${message}</Message></Error>`);
}

const sha256 = (content: Buffer) => createHash('sha256').update(content).digest('hex');
const md5 = (content: Buffer) => createHash('md5').update(content).digest();
const etagOf = (content: Buffer) => `"${md5(content).toString('hex')}"`;
const combined = (parts: Buffer[]) =>
  `&quot;${md5(Buffer.concat(parts.map(md5))).toString('hex')}-${parts.length}&quot;`;
