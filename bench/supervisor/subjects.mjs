// Who is measured: our supervisor as a volume carries it, upstream's in both forms, all with the same files in /oscar.
import { execFileSync } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { readFileSync } from 'node:fs';
import { upstream } from './tools.mjs';

const PROGRAMS = new URL('../../lib/programs/', import.meta.url).pathname;

/** Installs our volume as /oscar/bin would have it, by the program that does so on nodes. */
export function installVolume(folder) {
  const installer = join(folder, 'installer.cjs');
  writeFileSync(installer, gunzipSync(readFileSync(join(PROGRAMS, 'installer.cjs.gz'))));
  execFileSync(process.execPath, [installer, folder, 'version', join(PROGRAMS, 'supervisor.cjs.gz')]);
  cpSync(join(folder, 'version'), join(folder, 'oscar/bin'), { recursive: true });
}

/** Where a pod has its empty volume. */
export const workFolder = (folder) => join(folder, 'oscar', 'work');

/** Writes /oscar/config for a script, and where credentials are: upstream reads them in the definition, ours may. */
export function configure(folder, store, { script, output, maxInflight = 1 }) {
  const config = join(folder, 'oscar/config');
  mkdirSync(config, { recursive: true });
  mkdirSync(workFolder(folder), { recursive: true });
  writeFileSync(join(config, 'script.sh'), script);
  chmodSync(join(config, 'script.sh'), 0o755);
  const { endpoint, user, password, bucket } = store;
  const definition = {
    name: 'bench',
    log_level: 'INFO',
    input: [{ storage_provider: 'minio.default', path: `${bucket}/in` }],
    output: output === undefined ? [] : [{ storage_provider: 'minio.default', path: `${bucket}/${output}` }],
    storage_providers: {
      minio: { default: { endpoint, region: 'us-east-1', verify: true, access_key: user, secret_key: password } },
    },
    invocation: { timeoutSeconds: 300, maxInflight },
  };
  writeFileSync(join(config, 'function_config.yaml'), JSON.stringify(definition)); // JSON is YAML
}

const VOLUME = '/oscar/bin';
export const OURS = {
  name: 'oscar-cdk8s',
  command: [`${VOLUME}/ld.so`, '--library-path', `${VOLUME}/lib`, `${VOLUME}/node`, `${VOLUME}/supervisor.cjs`],
};

/** Upstream's supervisor, as a Python module and as the one file in which it is shipped. */
export function upstreams() {
  const { python, module, oneFile } = upstream();
  return [
    { name: 'upstream, Python', command: [python, module] },
    { name: 'upstream, one file', command: [oneFile] },
  ];
}

/** MinIO's message for an object, as it sends it. */
export const eventOf = ({ bucket }, key, size) =>
  JSON.stringify({
    EventName: 's3:ObjectCreated:Put',
    Key: `${bucket}/${key}`,
    Records: [
      {
        eventVersion: '2.0',
        eventSource: 'minio:s3',
        eventName: 's3:ObjectCreated:Put',
        eventTime: '2026-11-22T18:00:00.000Z',
        s3: {
          bucket: { name: bucket, arn: `arn:aws:s3:::${bucket}` },
          object: { key: encodeURIComponent(key), size, sequencer: '1853C9A7A7A3FB6AE' },
        },
      },
    ],
  });
