import type { IncomingMessage } from 'node:http';
import { InvocationError } from '../failure';
import { mayPass, PassingError, pauseMs } from './retry';
import { quotedWithout } from './words';

/** Amazon's and MinIO's codes, in words. */
const IN_WORDS: Readonly<Record<string, string>> = {
  NoSuchKey: 'there is no such object',
  NoSuchBucket: 'there is no such bucket',
  AccessDenied: 'access is denied: the credentials that it was tried with may not do this',
  InvalidAccessKeyId: 'the access key is not known there',
  SignatureDoesNotMatch: 'the secret key is not the one that belongs to the access key',
  RequestTimeTooSkewed: "this machine's clock and the provider's differ too much: set this one right",
  ExpiredToken: 'the session token has expired',
  InvalidToken: 'the session token is not valid',
  InvalidTokenId: 'the session token is not valid',
  InvalidObjectName: 'the provider takes no object of this name',
  XMinioInvalidObjectName: 'the provider takes no object of this name',
  XMinioInvalidResourceName: 'the provider takes no object of this name',
  InvalidBucketName: 'the provider takes no bucket of this name',
  KeyTooLongError: 'the name of the object is longer than the provider takes',
  EntityTooLarge: 'the object is larger than the provider takes',
  XMinioStorageFull: 'the provider is full',
  XMinioAdminBucketQuotaExceeded: 'the bucket is full: its quota is used up',
};

/** Where the status alone tells (HEAD has no body). */
const BY_STATUS: Readonly<Record<number, string>> = {
  403: 'AccessDenied',
  404: 'NoSuchKey',
  507: 'XMinioStorageFull',
};

/** Codes of requests that were cut or garbled on their way, or met another one: they are made again. */
const PASSING = ['RequestTimeout', 'IncompleteBody', 'BadDigest', 'XAmzContentSHA256Mismatch', 'OperationAborted'];
PASSING.push(
  'InternalError',
  'SlowDown',
  'SlowDownWrite',
  'SlowDownRead',
  'ServiceUnavailable',
  'ServerNotInitialized',
);

/** An answer that is no success. @param secrets never repeated, even if the provider does */
export function s3Error(
  { what }: { readonly what: string },
  { statusCode = 0, headers }: IncomingMessage,
  xml: string,
  secrets: readonly (string | undefined)[],
): Error {
  const code = xmlText(xml, 'Code') ?? BY_STATUS[statusCode] ?? '';
  const message = xmlText(xml, 'Message');
  const said = [
    statusCode,
    code && quotedWithout(secrets, code).slice(1, -1),
    message && quotedWithout(secrets, message),
  ];
  const answer = `the provider answers ${said.filter(Boolean).join(' ')}`;
  if (mayPass(statusCode) || PASSING.includes(code)) {
    return new PassingError(answer, { pauseMs: pauseMs(headers['retry-after']) });
  }
  const words = Object.hasOwn(IN_WORDS, code) ? IN_WORDS[code] : undefined;
  return new S3Error(`${what}: ${words ? `${words} (${code})` : answer}`, code, statusCode);
}

export class S3Error extends InvocationError {
  constructor(
    message: string,
    readonly code: string,
    readonly status: number,
  ) {
    super('storage', message);
  }
}

const REGION_CODES = ['PermanentRedirect', 'TemporaryRedirect', 'AuthorizationHeaderMalformed'];

/** The region that the bucket is in, where a server says that it is another one. */
export function regionToAsk({ statusCode = 0, headers }: IncomingMessage, xml: string): string | undefined {
  const misplaced = [301, 307].includes(statusCode) || REGION_CODES.includes(xmlText(xml, 'Code') ?? '');
  const region = headers['x-amz-bucket-region'] ?? xmlText(xml, 'Region');
  // It becomes part of a host's name.
  return misplaced && typeof region === 'string' && /^[a-z0-9-]+$/.test(region) ? region : undefined;
}

const ENTITIES: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };

/** Text of the first element of this name: S3's documents are flat where it matters. */
export function xmlText(xml: string, element: string): string | undefined {
  const found = new RegExp(`<${element}>([^<]*)</${element}>`).exec(xml);
  return found?.[1].replace(/&(?:#(\d+)|#x([0-9a-f]+)|(\w+));/gi, (all, decimal, hex, name) => {
    if (name) return ENTITIES[name] ?? all;
    const point = decimal ? parseInt(decimal, 10) : parseInt(hex, 16);
    return point <= 0x10ffff ? String.fromCodePoint(point) : all;
  });
}

export const xmlEscaped = (text: string): string =>
  text.replace(/[<>&"']/g, (c) => `&${Object.keys(ENTITIES).find((name) => ENTITIES[name] === c)};`);
