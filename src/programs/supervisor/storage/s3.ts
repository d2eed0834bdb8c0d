import { InvocationError } from '../failure';
import { download } from './download';
import { patiently } from './retry';
import { S3Call, S3Client } from './s3-client';
import { uploadParts } from './s3-multipart';
import { SourceFile } from './source-file';
import type { S3Settings, Storage, Transfer } from './storage';
import { isUnicode, quoted } from './words';

/** Files up to this go in one request. */
const SINGLE_BYTES = 16 * 1024 * 1024;

/** Where an object is, and in words. */
export type S3Object = Pick<S3Call, 'what' | 'bucket' | 'key'>;

/** MinIO, Amazon S3, and what speaks its protocol. */
export class S3Storage implements Storage {
  constructor(
    private readonly settings: S3Settings,
    private readonly client = new S3Client(settings),
  ) {}

  async download(path: string, file: string, transfer: Transfer): Promise<number> {
    const object = this.object('download of', path);
    const call = { ...object, method: 'GET', expected: [412, 416], signal: transfer.signal } as const;
    const get = (headers: S3Call['headers']) => this.client.call({ ...call, headers });
    return download({ what: object.what, get }, file, transfer);
  }

  async upload(file: string, path: string, transfer: Transfer): Promise<number> {
    const object = this.object('upload of', path);
    const source = await SourceFile.open(file);
    try {
      if (source.bytes <= SINGLE_BYTES) await this.put(object, source, transfer);
      else await uploadParts(this.client, object, source, transfer);
      return source.bytes;
    } finally {
      await source.close();
    }
  }

  close(): void {
    this.client.close();
  }

  private async put(object: S3Object, source: SourceFile, transfer: Transfer): Promise<void> {
    const body = source.part();
    const hash = await this.client.payloadHash(source, body);
    const headers = { 'content-type': 'application/octet-stream' };
    await patiently(object.what, transfer, () =>
      this.client.callXml({ ...object, method: 'PUT', headers, body, hash, signal: transfer.signal }),
    );
  }

  private object(verb: string, path: string): S3Object {
    const slash = path.indexOf('/');
    const [bucket, key] = [path.slice(0, slash), path.slice(slash + 1)];
    const what = `${verb} ${quoted(path)} (${this.settings.type}, ${this.settings.endpoint})`;
    if (slash < 1 || key === '' || !isUnicode(path)) {
      throw new InvocationError('storage', `${what}: not the path of an object. Allowed: bucket/key`);
    }
    return { what, bucket, key };
  }
}
