import { randomInt } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync, statSync, unlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { Readable } from 'node:stream';
import { InvocationError } from '../../../../src/programs/supervisor/failure';
import { meaningOf } from '../../../../src/programs/supervisor/input/event';
import type { EventInput } from '../../../../src/programs/supervisor/input/input';
import { receive } from '../../../../src/programs/supervisor/input/receive';
import { hostileBody, hostileType, random } from './hostile';

const INPUTS = 100_000;
/** At the same time, each in a folder of its own. */
const LANES = 10;

/** What the rest of the supervisor relies on in each object. */
function checkEvent({ objects, skipped, variables }: EventInput): void {
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

type Attempt = (body: Buffer, contentType: string | undefined) => Promise<void> | void;

/** One after the other; the body of one that goes wrong can be read in the failure. */
async function fuzz(times: number, attempt: Attempt): Promise<void> {
  const next = random(randomInt(2 ** 32));
  for (let i = 0; i < times; i++) {
    const body = hostileBody(next);
    const type = hostileType(next);
    try {
      await attempt(body, type);
    } catch (error) {
      throw new Error(`Content-Type ${type}, base64 of the body: ${body.toString('base64')}`, { cause: error });
    }
  }
}

test(`${INPUTS} hostile bodies: a file in its folder, an event, or the error for it`, async () => {
  const parent = mkdtempSync(join(tmpdir(), 'oscar-fuzz-'));
  const folders = Array.from({ length: LANES }, () => mkdtempSync(join(parent, 'input-')));
  const seen = { file: 0, event: 0, refused: 0 };
  const attemptIn = (folder: string): Attempt => {
    return async (body, contentType) => {
      // Pieces as a network may cut them.
      const middle = body.length >> 1;
      const content = Readable.from([body.subarray(0, middle), body.subarray(middle)]);
      let left: string[] = [];
      try {
        const input = await receive({ content, contentType }, folder);
        seen[input.kind]++;
        if (input.kind === 'event') checkEvent(input);
        else {
          left = [basename(input.path)];
          if (statSync(input.path).size !== input.bytes) throw new Error('bytes');
        }
      } catch (error) {
        checkError(error);
        seen.refused++;
      }
      const found = readdirSync(folder);
      if (found.join() !== left.join()) throw new Error(`files: ${found.join()}`);
      for (const name of left) unlinkSync(join(folder, name));
    };
  };
  await Promise.all(folders.map((folder) => fuzz(INPUTS / LANES, attemptIn(folder))));
  expect(readdirSync(parent)).toHaveLength(LANES);
  rmSync(parent, { recursive: true });
  // Each way is well trodden, or the bodies are not what they are meant to be.
  for (const count of Object.values(seen)) expect(count).toBeGreaterThan(INPUTS / 20);
}, 300_000);

test(`${INPUTS} hostile events: objects that can be worked with, data, or the error for it`, async () => {
  const seen = { data: 0, event: 0, refused: 0 };
  await fuzz(INPUTS, (body) => {
    try {
      const meaning = meaningOf('text', body);
      seen[meaning.kind]++;
      if (meaning.kind === 'event') checkEvent(meaning);
    } catch (error) {
      checkError(error);
      seen.refused++;
    }
  });
  for (const count of Object.values(seen)) expect(count).toBeGreaterThan(INPUTS / 20);
}, 300_000);
