import { ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { buildSync } from 'esbuild';
import {
  CONFIG_DIR,
  DEFINITION_KEY,
  Json,
  PROVIDERS_DIR,
  SCRIPT_KEY,
  ServiceDefinition,
  toYaml,
} from '../../../src/contract';
import type { Keys } from './bucket-store';

const ROOT = join(__dirname, '../../..');
const ENTER = join(ROOT, 'bench/supervisor/enter.sh');
const PATIENCE_MS = 30_000;

/** The program as it is shipped. */
const { contents: BUNDLE } = buildSync({
  entryPoints: [join(ROOT, 'src/programs/supervisor/main.ts')],
  ...{ bundle: true, platform: 'node', target: 'node20', format: 'cjs', minify: true, write: false },
}).outputFiles[0];

export interface ServiceProps {
  readonly script: string;
  /** Port of the store, or of what stands before it. */
  readonly port: number;
  readonly keys: Keys;
  /** @default from `uploads` to `results` */
  readonly definition?: Partial<ServiceDefinition>;
}

/** `bucket/folder` as an input or output. */
export const place = (path: string, filters: { readonly prefix?: string[]; readonly suffix?: string[] } = {}) => ({
  storage_provider: 'minio.default',
  path,
  prefix: [],
  suffix: [],
  ...filters,
});

export interface Ended {
  /** 128 + n for a signal. */
  readonly code: number;
  readonly stdout: Buffer;
  readonly stderr: string;
}

/** A service as its pod has it: /oscar and the provider's Secret. Every process is a container of its own. */
export class Service {
  private readonly folder = mkdtempSync(join(tmpdir(), 'oscar-service-'));
  private readonly running = new Set<Supervisor>();

  constructor({ script, port, keys, definition }: ServiceProps) {
    const endpoint = `http://127.0.0.1:${port}`;
    this.write('bin/supervisor.cjs', BUNDLE);
    this.write(join(inOscar(CONFIG_DIR), SCRIPT_KEY), script);
    const whole = {
      name: 'servers',
      log_level: 'INFO',
      input: [place('uploads')],
      output: [place('results')],
      storage_providers: { minio: { default: { endpoint, region: 'us-east-1', verify: true } } },
      ...definition,
    };
    this.write(join(inOscar(CONFIG_DIR), DEFINITION_KEY), toYaml(whole as unknown as Json));
    this.write('providers/minio.default/accessKey', keys.accessKey);
    this.write('providers/minio.default/secretKey', keys.secretKey);
    mkdirSync(join(this.oscar, 'work'));
  }

  /** A file that the script finds as `/oscar/<name>`. */
  write(name: string, content: string | Uint8Array): void {
    const file = join(this.oscar, name);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, content);
  }

  /** What the script wrote as `/oscar/<name>`. */
  read(name: string): string {
    return readFileSync(join(this.oscar, name), 'utf8');
  }

  /** @param event what `EVENT` holds */
  start(event: string): Supervisor {
    return this.startJob({ EVENT: event });
  }

  /** @param variables that its Job adds to those of the service */
  startJob(variables: Readonly<Record<string, string>>): Supervisor {
    const supervisor = new Supervisor(this.oscar, variables, []);
    this.running.add(supervisor);
    return supervisor;
  }

  serve(): Supervisor {
    const supervisor = new Supervisor(this.oscar, {}, ['serve']);
    this.running.add(supervisor);
    return supervisor;
  }

  run(event: string): Promise<Ended> {
    return this.start(event).ended;
  }

  /** Ends what still runs. */
  async remove(): Promise<void> {
    for (const supervisor of this.running) supervisor.kill();
    await Promise.all([...this.running].map(({ ended }) => ended));
    rmSync(this.folder, { recursive: true });
  }

  private get oscar(): string {
    return join(this.folder, 'oscar');
  }
}

const inOscar = (path: string) => path.replace(/^\/oscar\//, '');

/** Makes the Secret's folder where the pod has it, out of the way of the machine's own, and becomes the supervisor. */
const ENTERED = `
set -e
mount -t tmpfs none /run
mkdir -p "$(dirname ${PROVIDERS_DIR})"
ln -s /oscar/providers ${PROVIDERS_DIR}
exec "$@"`;

/** The supervisor as the first process of a container: nothing of it outlives it. */
export class Supervisor {
  readonly ended: Promise<Ended>;
  stderr = '';
  private readonly child: ChildProcess;

  constructor(oscar: string, env: Readonly<Record<string, string>>, args: readonly string[]) {
    const container = ['--pid', '--fork', '--kill-child', '--mount-proc', ENTER, oscar];
    const command = ['bash', '-c', ENTERED, 'bash', process.execPath, '/oscar/bin/supervisor.cjs', ...args];
    this.child = spawn('unshare', [...container, ...command], {
      cwd: '/',
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { PATH: process.env.PATH, ...env },
    });
    const stdout: Buffer[] = [];
    this.child.stdout!.on('data', (chunk: Buffer) => stdout.push(chunk));
    this.child.stderr!.setEncoding('utf8').on('data', (text: string) => (this.stderr += text));
    this.ended = new Promise((resolve, reject) => {
      this.child.on('error', reject);
      this.child.on('close', (code) =>
        resolve({ code: code ?? 137, stdout: Buffer.concat(stdout), stderr: this.stderr }),
      );
    });
  }

  /** Everything in the container at once, as a machine that fails. */
  kill(): void {
    this.child.kill('SIGKILL');
  }

  /** To the supervisor, as the kubelet does it. */
  terminate(): void {
    const { pid } = this.child;
    const [first] = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ');
    process.kill(Number(first), 'SIGTERM');
  }

  /** Until its log holds this. Throws with the log when it ends before. */
  async says(text: string): Promise<void> {
    let code: number | undefined;
    void this.ended.then((ended) => (code = ended.code));
    for (const end = Date.now() + PATIENCE_MS; Date.now() < end; await sleep(1)) {
      if (this.stderr.includes(text)) return;
      if (code !== undefined) break;
    }
    throw new Error(`it doesn't say "${text}" (exit code ${code}):\n${this.stderr}`);
  }
}
