import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { BucketStore, encoded } from './bucket-store';

export interface File {
  readonly key: string;
  readonly parts: readonly Buffer[];
}

/** S3's smallest part but the last. */
const PART_BYTES = 5 * 1024 * 1024;
const PAUSE_MS = 100;

export const small = (key: string): File => ({ key, parts: [randomBytes(100)] });
export const large = (key: string): File => ({ key, parts: [Buffer.alloc(PART_BYTES, key), randomBytes(77)] });

/** Uploads a file until that is answered, as clients do it that don't give up. @returns how often it was tried */
export async function upload(store: BucketStore, bucket: string, file: File): Promise<number> {
  const path = encoded(`${bucket}/${file.key}`);
  for (let tries = 1; ; tries++) {
    try {
      if (file.parts.length === 1) await store.must('PUT', path, file.parts[0]);
      else await inParts(store, path, file.parts);
      return tries;
    } catch (error) {
      if (isRefusal(error as Error)) throw error;
      await sleep(PAUSE_MS);
    }
  }
}

/** What no further try changes. An upload whose parts were lost is begun anew. */
const isRefusal = ({ message }: Error) => / 4\d\d /.test(message) && !/NoSuchUpload|InvalidPart/.test(message);

async function inParts(store: BucketStore, path: string, parts: readonly Buffer[]): Promise<void> {
  const begun = await store.must('POST', `${path}?uploads=`);
  const id = encodeURIComponent(element(begun.body, 'UploadId'));
  for (const [i, part] of parts.entries()) await store.must('PUT', `${path}?partNumber=${i + 1}&uploadId=${id}`, part);
  const listed = await store.must('GET', `${path}?uploadId=${id}`);
  const etags = [...listed.body.toString().matchAll(/<ETag>([^<]*)</g)].map(([, etag]) => etag);
  const xml = etags.map((etag, i) => `<Part><PartNumber>${i + 1}</PartNumber><ETag>${etag}</ETag></Part>`).join('');
  const document = Buffer.from(`<CompleteMultipartUpload>${xml}</CompleteMultipartUpload>`);
  const { body } = await store.must('POST', `${path}?uploadId=${id}`, document);
  // An error may come after the status.
  element(body, 'ETag');
}

function element(xml: Buffer, name: string): string {
  const found = new RegExp(`<${name}>([^<]*)<`).exec(xml.toString('utf8'))?.[1];
  if (found === undefined) throw new Error(`no ${name} in: ${xml.toString('utf8')}`);
  return found;
}
