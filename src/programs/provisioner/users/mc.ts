import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { StoreDeclaration, TOOLS_DIR } from '../../../contract';
import { ProgramError } from '../../common/fail';
import { Log } from '../../common/log';
import { Wait } from '../../common/patience';
import { Queue } from '../../common/queue';
import { quotedWithout } from '../../supervisor/storage/words';
import { storePauseMs, triesOf } from '../store/patience';
import { StoreKeys } from '../store/store';

export interface McOptions {
  /** @default where the init container puts it */
  readonly program?: string;
  readonly wait?: Wait;
}

/** What goes to the client's stdin, and what of it must not be told. */
export interface McInput {
  readonly text: string;
  readonly secret?: string;
}

/** The client's, or the store's, refusal. */
export class McError extends ProgramError {
  constructor(
    message: string,
    /** As the store says it: `XMinioAdminNoSuchPolicy`; empty: it gave none. */
    readonly code: string,
  ) {
    super(message);
  }
}

/** By which the client knows the store. */
export const ALIAS = 'store';

/** Each derives a key from the root user's secret, for which it takes 64 MiB and a third of a second of a CPU. */
const AT_ONCE = 2;
const TIMEOUT_MS = 60_000;
const CLIENT_FIX = 'Fix: the image "mc" has to hold mc or mcli';

/** MinIO's own client: nothing else speaks its admin API, whose requests are encrypted. */
export class Mc {
  private readonly program: string;
  private readonly wait: Wait;
  private readonly queue = new Queue(AT_ONCE, Infinity);
  /** Somebody waited for the store in vain: until it answers, nobody does so long. */
  private isAway = false;
  constructor(
    private readonly declared: Pick<StoreDeclaration, 'endpoint' | 'verify'>,
    private readonly keys: StoreKeys,
    private readonly log: Log,
    { program = join(TOOLS_DIR, 'mc'), wait = sleep }: McOptions = {},
  ) {
    this.program = program;
    this.wait = wait;
  }

  /**
   * Runs a command, again while the store is busy or away.
   * @param args are seen by others: never with a secret
   * @returns what it says: an object a line
   * @throws ProgramError for keys that the client can't be told
   * @throws McError that names the command and what the store answers
   */
  async run(args: readonly string[], input?: McInput): Promise<Record<string, unknown>[]> {
    for (let tries = 1; ; tries++) {
      const end = await this.inTurn(args, input);
      if (!end.passes) this.isAway = false;
      if (end.lines) return end.lines;
      const message = `mc ${args.join(' ')}: ${quotedWithout([input?.secret, this.keys.secretKey], end.message)}`;
      if (!end.passes) throw new McError(message, end.code);
      if (tries >= triesOf(this.isAway)) {
        this.isAway = true;
        throw new McError(`${message} (tried ${tries} times)`, end.code);
      }
      const ms = storePauseMs(tries);
      this.log('warning', `${message}; trying again in ${(ms / 1000).toFixed(1)} s`);
      await this.wait(ms);
    }
  }

  /** The same with a file, whose name is the last argument. */
  async runWithFile(args: readonly string[], content: string): Promise<Record<string, unknown>[]> {
    const folder = await mkdtemp(join(tmpdir(), 'mc-'));
    try {
      const file = join(folder, 'file');
      await writeFile(file, content);
      return await this.run([...args, file]);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }

  private async inTurn(args: readonly string[], input?: McInput): Promise<McEnd> {
    const ticket = this.queue.enter(new AbortController().signal)!;
    await ticket.turn;
    try {
      return ended(await this.process(args, input));
    } finally {
      ticket.leave();
    }
  }

  private async process(args: readonly string[], input?: McInput): Promise<Exit> {
    const options = ['--json', ...(this.declared.verify ? [] : ['--insecure'])];
    const child = spawn(this.program, [...options, ...args], {
      env: { ...process.env, [`MC_HOST_${ALIAS}`]: hostOf(this.declared.endpoint, this.keys) },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    const timer = setTimeout(() => child.kill('SIGKILL'), TIMEOUT_MS);
    const [out, err] = [child.stdout, child.stderr].map((stream) => {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      return () => Buffer.concat(chunks).toString('utf8');
    });
    // One that ends before it reads says why by its exit.
    child.stdin.on('error', () => undefined);
    child.stdin.end(input?.text ?? '');
    try {
      const [code, signal] = await once(child, 'close');
      return { code, signal, out: out(), err: err() };
    } catch (error) {
      const reason = (error as Error).message;
      throw new McError(`MinIO's client ${this.program} can't be started: ${reason}. ${CLIENT_FIX}`, '');
    } finally {
      clearTimeout(timer);
    }
  }
}

interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly out: string;
  readonly err: string;
}

interface McEnd {
  /** Where it went well. */
  readonly lines?: Record<string, unknown>[];
  readonly message: string;
  readonly code: string;
  /** May go well another time. */
  readonly passes: boolean;
}

function ended({ code, signal, out, err }: Exit): McEnd {
  const lines = out.split('\n').flatMap(parsed);
  const error = lines.find(({ status }) => status === 'error')?.error as Failure | undefined;
  if (code === 0 && !error) return { lines, message: '', code: '', passes: false };
  if (signal)
    return { message: `it was ended by ${signal}, after ${TIMEOUT_MS / 1000} s at the latest`, code: '', passes: true };
  const said = [error?.message, error?.cause?.message].filter(Boolean).join(': ');
  const text = said || err.trim() || `exit code ${code}`;
  const storeCode = error?.cause?.error?.Code ?? '';
  return {
    message: text,
    code: storeCode,
    passes: PASSING_CODE.test(storeCode) || (!storeCode && NO_ANSWER.test(text)),
  };
}

interface Failure {
  readonly message?: string;
  readonly cause?: { readonly message?: string; readonly error?: { readonly Code?: string } };
}

/** A store that starts, or that lacks pods for a moment. */
const PASSING_CODE =
  /^(XMinio(ServerNotInitialized|AdminIAMNotInitialized|IAMNotInitialized|ReadQuorum|WriteQuorum)|SlowDown\w*|ServiceUnavailable|InternalError|InternalServerError|RequestTimeout|OperationTimedOut|503.*)$/;
/** The network's, in Go's words. */
const NO_ANSWER =
  /\b(dial tcp|connection refused|connection reset|broken pipe|EOF|i\/o timeout|deadline exceeded|no such host|no route|Temporary failure|server misbehaving|503|502|504)\b/i;

function parsed(line: string): Record<string, unknown>[] {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null ? [value as Record<string, unknown>] : [];
  } catch {
    return [];
  }
}

/**
 * The client is told of a store by an address with the keys in it, and reads them as they stand: up to the first `:`, and
 * from there to the first `@`. Its other way, a file, would leave the secret on the node's disk for as long as the pod is there.
 */
function hostOf(endpoint: string, { accessKey, secretKey }: StoreKeys): string {
  if (/[:@\n]/.test(accessKey) || /[:@\n]/.test(secretKey)) {
    throw new ProgramError(
      'the store\'s root user or its password has a ":", a "@" or a line break in it, with which MinIO\'s client can\'t be told ' +
        'of it. Fix: other ones in the Secret of the store, and restart the store; the next try reads them',
    );
  }
  const { protocol, host } = new URL(endpoint);
  return `${protocol}//${accessKey}:${secretKey}@${host}`;
}
