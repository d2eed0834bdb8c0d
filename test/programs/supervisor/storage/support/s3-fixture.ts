import { HttpClient } from '../../../../../src/programs/supervisor/storage/http';
import { S3Storage } from '../../../../../src/programs/supervisor/storage/s3';
import { S3Client } from '../../../../../src/programs/supervisor/storage/s3-client';
import type { S3Settings } from '../../../../../src/programs/supervisor/storage/storage';
import { TestFolder, transfer } from './files';
import { KEYS, S3Server } from './s3-server';

/** A folder, a server and a Storage for it, new for each test of the file. */
export class S3Fixture {
  folder!: TestFolder;
  server!: S3Server;
  storage!: S3Storage;

  constructor() {
    jest.setTimeout(60_000); // large files, on any machine
    beforeEach(async () => {
      this.folder = new TestFolder();
      await this.serve(new S3Server());
    });
    afterEach(async () => {
      jest.restoreAllMocks();
      this.storage.close();
      await this.server.stop();
      this.folder.remove();
    });
  }

  async serve(server: S3Server): Promise<void> {
    await this.server?.stop();
    this.server = await server.start();
    this.open();
  }

  open(more: Partial<S3Settings> = {}): void {
    const settings: S3Settings = {
      type: 'minio',
      endpoint: `http://127.0.0.1:${this.server.port}`,
      region: this.server.region,
      pathStyle: true,
      ...KEYS,
      tls: { verify: true },
      ...more,
    };
    this.storage = new S3Storage(settings, new S3Client(settings, new HttpClient(settings.tls)));
  }

  upload(content: Buffer, path = 'bucket/out'): Promise<number> {
    return this.storage.upload(this.folder.write('up', content), path, transfer());
  }

  download(path = 'bucket/in'): Promise<number> {
    return this.storage.download(path, this.folder.file('down'), transfer());
  }
}
