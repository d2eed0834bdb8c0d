import {
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  PutObjectCommand,
  S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually } from './cluster';
import { frame, picture } from './examples';
import { hasResults, jobsFor, Upload } from './jobs';
import { measured } from './manager';
import type { Scenario } from './scenario';
import { placeOf, Store } from './store';

const MIB = 2 ** 20;
const PART = 5 * MIB;

/** Each line is a picture of the film, by what stands in for ffmpeg. */
const FILM = ['a cat', 'a dog', 'a cat and a dog'];

/** One upload, two services, one after the other: what the first one leaves is what the second one waits for. */
export function aFilmGoesThroughTwoServices(scenario: Scenario): void {
  scenario.step('a film becomes frames, and each frame becomes objects', async () => {
    const { cluster } = scenario;
    const store = await Store.of(cluster);
    const began = performance.now();
    await store.put('films/in/film.txt', FILM.map((line) => `${line}\n`).join(''));
    const results: Record<string, string> = {};
    FILM.forEach((line, index) => {
      const content = `${line}\n`;
      const name = `film-0000${index + 1}`;
      results[`films/frames/${name}.jpg`] = content;
      results[`films/objects/${name}-objects.jpg`] = content;
      results[`films/objects/${name}.txt`] = `objects in ${content.length} bytes: ${md5(content)}\n`;
    });
    await eventually('there are results', 120, () => hasResults(store, { results }));
    measured('from the film to the objects in its frames', began);
    expect(await jobsFor(cluster, 'split-video', 'films/in/film.txt')).toHaveLength(1);
  });
}

/** As programs upload: by MinIO's client and by the SDK, each at once and in parts. */
export function clientsUpload(scenario: Scenario): void {
  const ways: [string, (store: Store, upload: Upload) => Promise<unknown>, Upload][] = [
    ['mc, in parts', byMinioClient, large('mc, in parts')],
    ['the SDK', bySdk, frame('the SDK')],
    ['the SDK, in parts', inParts, large('the SDK, in parts')],
  ];
  for (const [how, upload, what] of ways) {
    scenario.step(`a file of ${what.content.length} bytes, uploaded by ${how}, becomes a result`, async () => {
      const store = await Store.of(scenario.cluster);
      await upload(store, what);
      await eventually('there are results', 120, () => hasResults(store, what));
      expect(await jobsFor(scenario.cluster, 'find-objects', what.path)).toHaveLength(1);
    });
  }
}

/** What no input's filter takes runs nothing, and what no output's filter takes is stored nowhere. */
export function filtersHold(scenario: Scenario): void {
  scenario.step('what filters leave out is neither processed nor stored', async () => {
    const { cluster } = scenario;
    const store = await Store.of(cluster);
    await store.put('pictures/in/notes.txt', 'no picture');
    const after = picture('after-the-notes');
    await store.put(after.path, after.content);
    await eventually('there are results', 120, () => hasResults(store, after));
    await expect(jobsFor(cluster, 'grayscale', 'pictures/in/notes.txt')).rejects.toThrow('no Job');
    // The script leaves a log of each picture, which neither of the outputs takes.
    const names = await store.list('pictures/');
    expect(names).toContain('grey/grey-after-the-notes.png');
    expect(names.filter((name) => name.endsWith('.log'))).toEqual([]);
    expect(names.filter((name) => /^grey\/(?!grey-)|^thumbnails\/(?!thumb-)/.test(name))).toEqual([]);
  });
}

/** More than `mc` sends at once, 16 MiB. */
function large(name: string): Upload {
  const content = `${name}\n`.repeat(Math.ceil((17 * MIB) / (name.length + 1)));
  return {
    path: `films/frames/${name}.jpg`,
    content,
    results: { [`films/objects/${name}.txt`]: `objects in ${content.length} bytes: ${md5(content)}\n` },
  };
}

async function byMinioClient(store: Store, { path, content }: Upload): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'oscar-cluster-upload-'));
  writeFileSync(join(folder, 'file'), content);
  await store.mc('cp', '--quiet', join(folder, 'file'), `store/${path}`);
  rmSync(folder, { recursive: true });
}

async function bySdk(store: Store, { path, content }: Upload): Promise<void> {
  await store.client().send(new PutObjectCommand({ ...placeOf(path), Body: content }));
}

async function inParts(store: Store, { path, content }: Upload): Promise<void> {
  const client: S3Client = store.client();
  const place = placeOf(path);
  const bytes = Buffer.from(content);
  const { UploadId } = await client.send(new CreateMultipartUploadCommand(place));
  const Parts: { ETag?: string; PartNumber: number }[] = [];
  for (let at = 0; at < bytes.length; at += PART) {
    const PartNumber = Parts.length + 1;
    const Body = bytes.subarray(at, at + PART);
    const { ETag } = await client.send(new UploadPartCommand({ ...place, UploadId, PartNumber, Body }));
    Parts.push({ ETag, PartNumber });
  }
  await client.send(new CompleteMultipartUploadCommand({ ...place, UploadId, MultipartUpload: { Parts } }));
}

const md5 = (content: string) => createHash('md5').update(content).digest('hex');
