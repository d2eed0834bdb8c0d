import { constants, createReadStream, fstatSync, readFileSync, Stats } from 'node:fs';
import { promises, Readable } from 'node:stream';
import { JOB_VARIABLES, LogLevel } from '../../contract';
import { readDefinition } from './definition';
import { exitCodeOf, failureOf, InvocationError } from './failure';
import { misplaced, placeIn } from './input/place';
import type { ObjectPlace } from './input/provider';
import { Body, invoke, Outcome, Places, StoredBody } from './invocation';
import { onOneLine } from './log';
import { stderr } from './stderr';
import { PATIENT_TRIES } from './storage/retry';
import { defaultPlaces } from './work-folder';

const STDIN = 0;
/** Linux' number of the device: major 1, minor 3. */
const DEV_NULL = 0x103;
/** Signals that end a run. */
const ENDINGS = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const;

/**
 * One invocation: of the object that `EVENT_OBJECT` names, of the variable `EVENT`, or else of stdin. The log goes to
 * stderr, the reply to stdout: files that a body's script left, and at level CRITICAL the script's own output where
 * there are none.
 * @returns the exit code: 0, the script's own, 128 + n for a signal, 1 for all else. It has no time limit of its
 *   own: a Job's deadline ends it by SIGTERM
 */
export async function runOnce(findPlaces: () => Places = defaultPlaces): Promise<number> {
  const ending = new AbortController();
  for (const name of ENDINGS) {
    process.on(name, () => ending.abort(new InvocationError('cancelled', `ended by ${name}`, exitCodeOf(name))));
  }
  // Who closed stdout early is told so once, by the write that fails.
  process.stdout.on('error', () => undefined);
  let level: LogLevel | undefined;
  try {
    const places = findPlaces();
    const definition = readDefinition(places.config);
    level = definition.logLevel;
    const outcome = await invoke(body(), {
      definition,
      places,
      signal: ending.signal,
      // A Job has few tries: an outage of the store must not use them up.
      storageTries: PATIENT_TRIES,
      record: variable('completionRecord'),
    });
    await reply(outcome, level).finally(outcome.dispose);
    return 0;
  } catch (error) {
    const failure = failureOf(error);
    const isLogged = failure.invocation !== undefined && level !== 'CRITICAL';
    if (!isLogged) stderr.write(describe(failure));
    return failure.exitCode;
  }
}

const variable = (name: keyof typeof JOB_VARIABLES) => process.env[JOB_VARIABLES[name]];

function body(): Body | StoredBody {
  const [object, event, contentType] = [variable('eventObject'), variable('event'), variable('eventContentType')];
  if (object !== undefined) return { object: bodyAt(object), contentType };
  if (event !== undefined) return { content: Readable.from([Buffer.from(event)]), contentType };
  const problem = stdinProblem();
  if (problem === undefined) return { content: process.stdin };
  const fix = `send the body to stdin, or set the variable ${JOB_VARIABLES.event}`;
  throw new InvocationError('input', `stdin ${problem}: there is no body. Fix: ${fix}`);
}

function bodyAt(written: string): ObjectPlace {
  const place = placeIn(written);
  if (place) return place;
  throw new InvocationError('input', misplaced(JOB_VARIABLES.eventObject, written));
}

/** Node reads such a stdin as an empty body. */
function stdinProblem(): string | undefined {
  const stdin = fstatSync(STDIN);
  if (stdin.isDirectory()) return 'is a folder';
  return isReplaced(stdin) ? 'is closed' : undefined;
}

/** Node opens /dev/null, to read and to write, for a stdin that is closed; who means an empty body opens it to read. */
function isReplaced(stdin: Stats): boolean {
  if (!stdin.isCharacterDevice() || stdin.rdev !== DEV_NULL) return false;
  try {
    const [, flags] = /^flags:\s*([0-7]+)$/m.exec(readFileSync(`/proc/self/fdinfo/${STDIN}`, 'utf8')) ?? [];
    return (parseInt(flags ?? '0', 8) & constants.O_RDWR) !== 0;
  } catch {
    return false;
  }
}

async function reply(outcome: Outcome, level: LogLevel): Promise<void> {
  try {
    if (outcome.replyWithFiles && outcome.files.length > 0) {
      const { writeReply } = await import('./reply');
      await writeReply(outcome, process.stdout);
    } else if (level === 'CRITICAL') {
      await promises.pipeline(createReadStream(outcome.transcript), process.stdout, { end: false });
    } else {
      return;
    }
    await written();
  } catch (error) {
    throw new InvocationError('internal', `the reply can't be written: ${(error as Error).message}`);
  }
}

/** Until whoever reads stdout has all of it: the exit of the process doesn't wait. */
function written(): Promise<void> {
  return new Promise((resolve, reject) => process.stdout.write('', (error) => (error ? reject(error) : resolve())));
}

/** For a failure that no log tells. */
function describe({ message, lastLines }: InvocationError): string {
  return `supervisor: ${onOneLine(message)}\n${lastLines ? `${lastLines}\n` : ''}`;
}
