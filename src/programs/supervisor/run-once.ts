import { createReadStream } from 'node:fs';
import { promises, Readable } from 'node:stream';
import type { LogLevel } from '../../contract';
import { readDefinition } from './definition';
import { failureOf, InvocationError } from './failure';
import { invoke, Outcome, Places } from './invocation';
import { onOneLine } from './log';
import { stderr } from './stderr';
import { defaultPlaces } from './work-folder';

/** Signals that end a run, and its exit codes then (128 + the signal's number). */
const ENDINGS = { SIGTERM: 143, SIGINT: 130 } as const;

/**
 * One invocation: of the variable `EVENT`, or else of stdin. The log goes to stderr, the reply to stdout: files that a
 * body's script left, and at level CRITICAL the script's own output where there are none.
 * @returns the exit code: 0, the script's own, 128 + n for a signal, 124 for the time limit, 1 for all else
 */
export async function runOnce(findPlaces: () => Places = defaultPlaces): Promise<number> {
  const ending = new AbortController();
  for (const name of Object.keys(ENDINGS) as (keyof typeof ENDINGS)[]) {
    process.on(name, () => ending.abort(new InvocationError('cancelled', `ended by ${name}`, ENDINGS[name])));
  }
  // Who closed stdout early is told so once, by the write that fails.
  process.stdout.on('error', () => undefined);
  let level: LogLevel | undefined;
  try {
    const places = findPlaces();
    const definition = readDefinition(places.config);
    level = definition.logLevel;
    const outcome = await invoke({ content: event() }, { definition, places, signal: ending.signal });
    await reply(outcome, level).finally(outcome.dispose);
    return 0;
  } catch (error) {
    const failure = failureOf(error);
    const isLogged = failure.invocation !== undefined && level !== 'CRITICAL';
    if (!isLogged) stderr.write(describe(failure));
    return failure.exitCode;
  }
}

function event(): Readable {
  const { EVENT } = process.env;
  return EVENT === undefined ? process.stdin : Readable.from([Buffer.from(EVENT)]);
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
