import {
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  PutObjectCommand,
  S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import type { Keys } from '../../servers/support/bucket-store';

/** Uploads as programs do it that were written for Amazon's S3. */
export class Sdk {
  private readonly client: S3Client;

  constructor({ accessKey, secretKey }: Keys) {
    this.client = new S3Client({
      endpoint: 'http://127.0.0.1:9000',
      region: 'us-east-1',
      forcePathStyle: true,
      credentials: { accessKeyId: accessKey, secretAccessKey: secretKey },
    });
  }

  async put(bucket: string, key: string, body: Buffer): Promise<void> {
    await this.client.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: body }));
  }

  async putInParts(bucket: string, key: string, parts: readonly Buffer[]): Promise<void> {
    const where = { Bucket: bucket, Key: key };
    const { UploadId } = await this.client.send(new CreateMultipartUploadCommand(where));
    const done = [];
    for (const [i, body] of parts.entries()) {
      const part = { ...where, UploadId, PartNumber: i + 1, Body: body };
      const { ETag, ChecksumCRC32 } = await this.client.send(new UploadPartCommand(part));
      done.push({ ETag, ChecksumCRC32, PartNumber: i + 1 });
    }
    await this.client.send(
      new CompleteMultipartUploadCommand({ ...where, UploadId, MultipartUpload: { Parts: done } }),
    );
  }

  close(): void {
    this.client.destroy();
  }
}
