import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { StoreDeclaration } from '../../../contract';
import { ProgramError } from '../../common/fail';
import { Log } from '../../common/log';
import { Wait } from '../../common/patience';
import { InvocationError } from '../../supervisor/failure';
import { textBody } from '../../supervisor/storage/http';
import { PassingError } from '../../supervisor/storage/retry';
import { S3Client } from '../../supervisor/storage/s3-client';
import { S3Error } from '../../supervisor/storage/s3-errors';
import { STORE_TRIES, storePauseMs, triesOf } from './patience';

export interface StoreKeys {
  readonly accessKey: string;
  readonly secretKey: string;
}

export interface StoreCall {
  /** For messages: `GET of the notifications of bucket "in"`. Never with a secret. */
  readonly what: string;
  readonly method: 'GET' | 'HEAD' | 'PUT' | 'POST' | 'DELETE';
  /** Empty: the store itself. */
  readonly bucket: string;
  /** @default '', the bucket itself */
  readonly key?: string;
  readonly query?: Readonly<Record<string, string | number>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Statuses besides 2xx that are an answer and no error. */
  readonly expected?: readonly number[];
}

export interface StoreAnswer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly text: string;
}

/** The store's refusal. */
export class StoreError extends ProgramError {
  constructor(
    message: string,
    /** As the store says it: `NoSuchBucket`; empty: it was not the store that refused, or it gave no code. */
    readonly code: string,
    /** Of the answer; 0: there was none. */
    readonly status = 0,
  ) {
    super(message);
  }
}

/** It was asked again and again, and was busy or away to the last. */
export class StoreAway extends StoreError {
  constructor(message: string) {
    super(message, '');
  }
}

/** How long a store that is busy or away is asked again, and how. */
export interface StorePatience {
  readonly wait: Wait;
  /** Number of tries: after 0.25, 0.5, 1 … 16 s. */
  readonly tries: number;
}

const PATIENCE: StorePatience = { wait: sleep, tries: STORE_TRIES };
/** A page of a list: a thousand keys of a kilobyte, each byte of it as `%41`. */
const LONGEST_ANSWER_BYTES = 16 * 1024 * 1024;

/** The S3 API of one store, with one user's keys. */
export class Store {
  private readonly client: S3Client;
  /** Somebody waited for it in vain: until it answers, nobody does so long. */
  private isAway = false;

  constructor(
    readonly declared: Pick<StoreDeclaration, 'endpoint' | 'region' | 'verify'>,
    keys: StoreKeys,
    private readonly log: Log,
    private readonly patience: StorePatience = PATIENCE,
  ) {
    const { endpoint, region, verify } = declared;
    const { accessKey, secretKey } = keys;
    this.client = new S3Client({
      type: 's3',
      pathStyle: true,
      tls: { verify },
      endpoint,
      region,
      accessKey,
      secretKey,
    });
  }

  /**
   * One exchange, again and again while the store is busy or away.
   * @throws StoreError that names what was tried and what the store answers
   */
  async call(call: StoreCall): Promise<StoreAnswer> {
    for (let tries = 1; ; tries++) {
      try {
        const answer = await this.once(call);
        this.isAway = false;
        return answer;
      } catch (error) {
        if (!(error instanceof PassingError)) {
          this.isAway = false;
          throw refusal(error as Error);
        }
        if (tries >= triesOf(this.isAway, this.patience.tries)) {
          this.isAway = true;
          throw new StoreAway(`${call.what}: ${error.message} (tried ${tries} times)`);
        }
        const ms = storePauseMs(tries, error.detail.pauseMs);
        this.log('warning', `${call.what}: ${error.message}; trying again in ${(ms / 1000).toFixed(1)} s`);
        await this.patience.wait(ms);
      }
    }
  }

  close(): void {
    this.client.close();
  }

  private async once({ key = '', body, headers, ...call }: StoreCall): Promise<StoreAnswer> {
    const sent = body === undefined ? {} : { body: textBody(body), hash: digest('sha256', body, 'hex') };
    // Changes of a bucket's configuration, and deletions, are refused without it.
    const checksum = body === undefined ? {} : { 'content-md5': digest('md5', body, 'base64') };
    const answer = await this.client.call({ ...call, key, ...sent, headers: { ...headers, ...checksum } });
    return { status: answer.statusCode ?? 0, headers: answer.headers, text: await wholeText(answer) };
  }
}

/** Whether the store has no such user (or a disabled one), or another secret of it. */
export const isUnknownKeys = ({ code }: StoreError) => ['InvalidAccessKeyId', 'SignatureDoesNotMatch'].includes(code);

/** When the store answered, by its own clock (ISO 8601). */
export function storeTime({ headers }: StoreAnswer): string {
  const time = Date.parse(headers.date ?? '');
  if (Number.isNaN(time))
    throw new ProgramError(`the store's answer tells no time: Date: ${headers.date ?? 'missing'}`);
  return new Date(time).toISOString();
}

const digest = (algorithm: string, text: string, encoding: 'hex' | 'base64') =>
  createHash(algorithm).update(text).digest(encoding);

function refusal(error: Error): Error {
  if (error instanceof S3Error) return new StoreError(error.message, error.code, error.status);
  return error instanceof InvocationError ? new StoreError(error.message, '') : error;
}

async function wholeText(answer: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of answer) {
      bytes += (chunk as Buffer).length;
      if (bytes > LONGEST_ANSWER_BYTES)
        throw new ProgramError(`the store's answer is longer than ${LONGEST_ANSWER_BYTES} bytes`);
      chunks.push(chunk as Buffer);
    }
  } catch (error) {
    if (error instanceof ProgramError) throw error;
    throw new PassingError(`the answer broke off (${(error as Error).message})`);
  }
  return Buffer.concat(chunks).toString('utf8');
}
