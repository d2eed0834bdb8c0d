import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { toYaml } from '../../../src/contract';
import { readDefinition } from '../../../src/programs/supervisor/definition';
import { InvocationError } from '../../../src/programs/supervisor/failure';
import { invoke, InvokeOptions, Outcome } from '../../../src/programs/supervisor/invocation';
import { stderr } from '../../../src/programs/supervisor/stderr';
import { KEYS, S3Server } from './storage/support/s3-server';
import { temporaryFolder } from './temporary';

export interface Setup {
  readonly script?: string;
  /** Fields of the definition beside the store. */
  readonly definition?: object;
  readonly options?: Partial<InvokeOptions>;
}

const BUCKET = { storage_provider: 'minio.default' };
export const IN_AND_OUT = {
  input: [{ ...BUCKET, path: 'bucket/in' }],
  output: [{ ...BUCKET, path: 'bucket/out' }],
};

export const record = (key: string, eventName = 's3:ObjectCreated:Put', bucket = 'bucket') => ({
  eventSource: 'minio:s3',
  eventTime: '2026-01-01T00:00:00Z',
  eventName,
  s3: { bucket: { name: bucket }, object: { key } },
});
/** Of uploads into `bucket`. */
export const event = (...keys: string[]) => JSON.stringify({ Records: keys.map((key) => record(key)) });

/** What a pod has, for the tests of a file: folders, credentials that are mounted, and a store. */
export class Pod {
  readonly folder = temporaryFolder();
  /** What was written to stderr. */
  log = '';
  private server?: S3Server;

  constructor() {
    beforeAll(async () => {
      this.server = await new S3Server().start();
    });
    afterAll(() => this.server?.stop());
    beforeEach(() => {
      this.store.objects.clear();
      this.store.asked.length = 0;
      this.log = '';
      jest.spyOn(stderr, 'write').mockImplementation((text) => void (this.log += text));
      mkdirSync(this.at('work'));
    });
    afterEach(() => jest.restoreAllMocks());
  }

  get store(): S3Server {
    if (!this.server) throw new Error('the store is not there yet');
    return this.server;
  }

  at(name: string): string {
    return join(this.folder.path, name);
  }

  async run(body: string | Readable, setup: Setup = {}): Promise<Outcome> {
    const { script = 'cp "$INPUT_FILE_PATH" "$TMP_OUTPUT_DIR"', definition = {}, options } = setup;
    this.folder.write('config/script.sh', script);
    const minio = { default: { endpoint: `http://127.0.0.1:${this.store.port}`, region: this.store.region } };
    this.folder.write('config/function_config.yaml', toYaml({ storage_providers: { minio }, ...definition }));
    this.folder.write('providers/minio.default/accessKey', KEYS.accessKey);
    this.folder.write('providers/minio.default/secretKey', KEYS.secretKey);
    const places = { config: this.at('config'), providers: this.at('providers'), work: this.at('work') };
    const content = typeof body === 'string' ? Readable.from([Buffer.from(body)]) : body;
    const { signal } = new AbortController();
    return invoke({ content }, { definition: readDefinition(places.config), places, signal, ...options });
  }

  async failure(body: string | Readable, setup?: Setup): Promise<InvocationError> {
    const error: unknown = await this.run(body, setup).then(
      () => new Error('it succeeded'),
      (thrown: unknown) => thrown,
    );
    if (!(error instanceof InvocationError)) throw error;
    return error;
  }

  /** Folders of invocations. */
  left(): string[] {
    return readdirSync(this.at('work'));
  }

  /** Objects that are no inputs. */
  stored(): Record<string, string> {
    const outputs = [...this.store.objects].filter(([key]) => !key.startsWith('bucket/in/'));
    return Object.fromEntries(outputs.map(([key, content]) => [key, `${content}`]));
  }
}
