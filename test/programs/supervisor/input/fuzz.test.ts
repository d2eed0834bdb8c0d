import { randomInt } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, unlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { Readable } from 'node:stream';
import { InvocationError } from '../../../../src/programs/supervisor/failure';
import { meaningOf } from '../../../../src/programs/supervisor/input/event';
import type { EventInput } from '../../../../src/programs/supervisor/input/input';
import { createInputFile } from '../../../../src/programs/supervisor/input/input-file';
import { receive } from '../../../../src/programs/supervisor/input/receive';
import { GOOD, hostileBody, hostileType, mixedEvent, Random, random } from './hostile';

const INPUTS = 100_000;
/** What a body becomes is part of the bodies' test as well. */
const EVENTS = 20_000;
const MIXED = 5_000;
/** At the same time, each in a folder of its own. */
const LANES = 10;

/** What the rest of the supervisor relies on in each object. */
function checkEvent({ objects, skipped, broken, variables }: EventInput): void {
  for (const object of objects) {
    const { type, name, path, key, time, event } = object;
    if (basename(name) !== name || name === '.' || name === '..' || /[/\0]/.test(name))
      throw new Error(`name: ${name}`);
    if (Buffer.byteLength(name) > 255) throw new Error(`long name: ${name}`);
    if (!path.endsWith(name)) throw new Error(`another path: ${path}`);
    // Servers of these resolve paths; keys of buckets are taken as they are.
    const resolved = type === 'onedata' || type === 'webdav';
    if (resolved && path.split('/').includes('..')) throw new Error(`leads away: ${path}`);
    if (object.inFolder && path !== name) throw new Error(`no bare name: ${path}`);
    if (object.providerId !== undefined && !/^[A-Za-z0-9][-\w.]*$/.test(object.providerId)) throw new Error('provider');
    for (const text of [path, key, time, event]) if (text.includes('\0')) throw new Error('a NUL for the environment');
    encodeURIComponent(path + key);
    JSON.parse(event);
  }
  for (const error of broken) checkError(error);
  for (const reason of skipped) if (/\p{Cc}/u.test(reason)) throw new Error(`several lines: ${reason}`);
  for (const [variable, value] of Object.entries(variables)) {
    if (!/^CONT_VAR_\w+$/.test(variable) || value.includes('\0')) throw new Error(`variable: ${variable}`);
  }
}

/** Only the error that is meant for the user may come, on one line. */
function checkError(error: unknown): void {
  if (!(error instanceof InvocationError) || error.kind !== 'input') throw error;
  if (/\p{Cc}/u.test(error.message) || error.message.length > 1500) throw new Error(`message: ${error.message}`);
}

type Attempt = (body: Buffer, next: Random) => Promise<void> | void;

/** One after the other; the body of one that goes wrong can be read in the failure. */
async function fuzz(times: number, make: (next: Random) => Buffer, attempt: Attempt): Promise<void> {
  const next = random(randomInt(2 ** 32));
  for (let i = 0; i < times; i++) {
    const body = make(next);
    try {
      await attempt(body, next);
    } catch (error) {
      throw new Error(`base64 of the body: ${body.toString('base64')}`, { cause: error });
    }
  }
}

const changed = (folder: string) => statSync(folder, { bigint: true }).mtimeNs;

/** An input folder some levels down in folders of its own: what leads away by a few `..` is seen. */
class Lane {
  readonly input: string;
  private readonly above: ReadonlyMap<string, bigint>;

  constructor(root: string) {
    const above = [root, join(root, 'a'), join(root, 'a', 'b'), join(root, 'a', 'b', 'c')];
    this.input = join(above[3], 'input');
    mkdirSync(this.input, { recursive: true });
    this.above = new Map(above.map((folder) => [folder, changed(folder)]));
  }

  /** Only these files are there, in the input folder, and no folder above has seen another; then they are removed. */
  check(...names: readonly string[]): void {
    for (const [folder, then] of this.above) if (changed(folder) !== then) throw new Error(`changed: ${folder}`);
    const found = readdirSync(this.input);
    if (found.join() !== names.join()) throw new Error(`files: ${found.join()}`);
    for (const name of names) unlinkSync(join(this.input, name));
  }
}

test(`${INPUTS} hostile bodies: files in their folder, an event, or the error for it`, async () => {
  const parent = mkdtempSync(join(tmpdir(), 'oscar-fuzz-'));
  const seen = { file: 0, event: 0, refused: 0 };
  const tried = new Set<string>();
  const attemptIn = (lane: Lane): Attempt => {
    return async (body, next) => {
      const contentType = hostileType(next);
      // Pieces as a network may cut them.
      const middle = body.length >> 1;
      const content = Readable.from([body.subarray(0, middle), body.subarray(middle)]);
      try {
        const input = await receive({ content, contentType }, lane.input);
        seen[input.kind]++;
        if (input.kind === 'event') {
          checkEvent(input);
          lane.check();
          for (const { name } of input.objects) {
            if (tried.has(name)) continue;
            tried.add(name);
            await createInputFile(lane.input, name, async () => undefined); // as it is when it has been fetched
            lane.check(name);
          }
        } else {
          if (statSync(input.path).size !== input.bytes) throw new Error('bytes');
          lane.check(basename(input.path));
        }
      } catch (error) {
        checkError(error);
        seen.refused++;
        lane.check();
      }
    };
  };
  const lanes = Array.from({ length: LANES }, (_, number) => new Lane(join(parent, `lane-${number}`)));
  await Promise.all(lanes.map((lane) => fuzz(INPUTS / LANES, hostileBody, attemptIn(lane))));
  // Nothing beside the folders that are meant to be there.
  expect(readdirSync(parent, { recursive: true })).toHaveLength(5 * LANES);
  rmSync(parent, { recursive: true });
  // Each way is well trodden, or the bodies are not what they are meant to be.
  for (const count of Object.values(seen)) expect(count).toBeGreaterThan(INPUTS / 20);
}, 300_000);

test(`${EVENTS} hostile events: objects that can be worked with, data, or the error for it`, async () => {
  const seen = { data: 0, event: 0, refused: 0 };
  await fuzz(EVENTS, hostileBody, (body) => {
    try {
      const meaning = meaningOf('text', body);
      seen[meaning.kind]++;
      if (meaning.kind === 'event') checkEvent(meaning);
    } catch (error) {
      checkError(error);
      seen.refused++;
    }
  });
  for (const count of Object.values(seen)) expect(count).toBeGreaterThan(EVENTS / 20);
}, 300_000);

test(`${MIXED} events of good records and hostile ones: each good one is there, and each other is told or an object`, async () => {
  const seen = { skipped: 0, broken: 0 };
  let sent = { good: [] as readonly string[], records: 0 };
  const make = (next: Random) => {
    const { body, ...rest } = mixedEvent(next);
    sent = rest;
    return body;
  };
  await fuzz(MIXED, make, (body) => {
    const meaning = meaningOf('json', body);
    if (meaning.kind !== 'event') throw new Error('data');
    checkEvent(meaning);
    const { objects, skipped, broken } = meaning;
    const good = objects.map(({ name }) => name).filter((name) => name.startsWith(GOOD));
    if (good.join() !== sent.good.join()) throw new Error(`objects: ${good.join()}`);
    if (objects.length + skipped.length + broken.length !== sent.records) throw new Error('a record is lost');
    if (skipped.length > 0) seen.skipped++;
    if (broken.length > 0) seen.broken++;
  });
  for (const count of Object.values(seen)) expect(count).toBeGreaterThan(MIXED / 20);
}, 300_000);
