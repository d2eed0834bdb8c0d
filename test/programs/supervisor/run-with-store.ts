import { ChildProcess, execFile } from 'node:child_process';
import { toYaml } from '../../../src/contract';
import { OWN_ENV, singleRun } from './single-run';
import { KEYS, S3Server } from './storage/support/s3-server';

/** Its input is its output. */
export const COPY = 'cp "$INPUT_FILE_PATH" "$TMP_OUTPUT_DIR/copy"';

export interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A single run that finds no body on its stdin, of a service whose results go to `bucket/out` of a store. */
export function runWithStore(
  { folder, program }: ReturnType<typeof singleRun>,
  store: S3Server,
  env: NodeJS.ProcessEnv,
  script = COPY,
): Promise<Ended> & { readonly child: ChildProcess } {
  folder.write('config/script.sh', script);
  const minio = { default: { endpoint: `http://127.0.0.1:${store.port}`, region: store.region } };
  const output = [{ storage_provider: 'minio.default', path: 'bucket/out' }];
  folder.write('config/function_config.yaml', toYaml({ storage_providers: { minio }, output }));
  folder.write('providers/minio.default/accessKey', KEYS.accessKey);
  folder.write('providers/minio.default/secretKey', KEYS.secretKey);
  const options = { env: { ...OWN_ENV, ...env }, maxBuffer: 64 * 1024 ** 2 };
  let child!: ChildProcess;
  const ended = new Promise<Ended>((resolve) => {
    child = execFile(process.execPath, [program, folder.path], options, (error, stdout, stderr) =>
      resolve({ code: error ? Number(error.code) : 0, stdout, stderr }),
    );
    child.stdin?.end();
  });
  return Object.assign(ended, { child });
}

/** Of MinIO, of uploads to the bucket `bucket`. */
export const eventOf = (...keys: string[]) =>
  JSON.stringify({
    Records: keys.map((key) => ({
      eventSource: 'minio:s3',
      eventTime: '2026-01-01T00:00:00Z',
      s3: { bucket: { name: 'bucket' }, object: { key } },
    })),
  });
