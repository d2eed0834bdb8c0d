import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import {
  CONFIG_DIR,
  DEFINITION_KEY,
  Json,
  LogLevel,
  PROVIDERS_DIR,
  SCRIPT_KEY,
  ServiceDefinition,
  SUPERVISOR_DIR,
  toYaml,
  WORK_DIR,
} from '../../src/contract';
import type { Mount } from './container';
import { Store } from './store';

const PROGRAMS = join(__dirname, '../../lib/programs');
const VERSION = 'version';
/** A name, as a store has in the cluster: it is looked up in the image. */
const STORE_HOST = 'minio.oscar.svc';

/** The supervisor volume, filled by the installer that the package ships, with the Node that runs us. */
export class SupervisorVolume {
  private readonly folder = mkdtempSync(join(tmpdir(), 'oscar-volume-'));

  constructor() {
    const installer = join(this.folder, 'installer.cjs');
    writeFileSync(installer, gunzipSync(readFileSync(join(PROGRAMS, 'installer.cjs.gz'))));
    execFileSync(process.execPath, [installer, this.folder, VERSION, join(PROGRAMS, 'supervisor.cjs.gz')]);
  }

  get mount(): Mount {
    return { at: SUPERVISOR_DIR, from: join(this.folder, VERSION) };
  }

  remove(): void {
    rmSync(this.folder, { recursive: true });
  }
}

/** What a service's ConfigMap, its Secret and the kubelet put into the container. */
export class Service {
  private readonly folder = mkdtempSync(join(tmpdir(), 'oscar-service-'));

  constructor(script: string, store: Store, logLevel: LogLevel = 'INFO') {
    const provider = join('providers', 'minio.default');
    for (const folder of ['config', 'etc', provider]) mkdirSync(join(this.folder, folder), { recursive: true });
    this.write('config', SCRIPT_KEY, script);
    this.write('config', DEFINITION_KEY, toYaml(definition(logLevel) as unknown as Json));
    this.write(provider, 'accessKey', store.accessKey);
    this.write(provider, 'secretKey', store.secretKey);
    this.write('etc', 'hosts', `127.0.0.1 localhost\n127.0.0.1 ${STORE_HOST}\n`);
    this.write('etc', 'resolv.conf', 'nameserver 127.0.0.1\n');
  }

  get mounts(): Mount[] {
    const from = (...path: string[]) => join(this.folder, ...path);
    return [
      { at: CONFIG_DIR, from: from('config') },
      { at: PROVIDERS_DIR, from: from('providers') },
      { at: '/etc/hosts', from: from('etc', 'hosts') },
      { at: '/etc/resolv.conf', from: from('etc', 'resolv.conf') },
      { at: WORK_DIR, tmpfs: true },
    ];
  }

  remove(): void {
    rmSync(this.folder, { recursive: true });
  }

  private write(folder: string, name: string, content: string): void {
    writeFileSync(join(this.folder, folder, name), content, { mode: 0o755 });
  }
}

/** From `uploads/in` to `results/out`. */
function definition(log_level: LogLevel): ServiceDefinition {
  const place = (path: string) => ({ storage_provider: 'minio.default', path, prefix: [], suffix: [] });
  const endpoint = `http://${STORE_HOST}:${Store.port}`;
  return {
    name: 'everywhere',
    image: 'any',
    log_level,
    cpu: '1',
    memory: '256Mi',
    enable_gpu: false,
    file_stage_in: false,
    isolation_level: 'service',
    input: [place('uploads/in')],
    output: [place('results/out')],
    environment: { variables: {} },
    annotations: {},
    labels: {},
    storage_providers: { minio: { default: { endpoint, region: 'us-east-1', verify: true } } },
    synchronous: { min_scale: 0, max_scale: 1 },
    allowed_users: [],
    visibility: 'private',
    vo: '',
    job: { retries: 0, deadlineSeconds: 60, ttlSeconds: 60 },
    invocation: { timeoutSeconds: 30, maxInflight: 1 },
  };
}
