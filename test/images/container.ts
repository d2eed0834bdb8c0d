import { ChildProcess, execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** What a container is made of, as a kubelet would tell its runtime. */
export interface ContainerProps {
  /** Root filesystem; it isn't changed. */
  readonly root: string;
  /** Files that the image has besides, by path. @default none */
  readonly files?: Readonly<Record<string, string>>;
  /** @default false */
  readonly readOnlyRoot?: boolean;
  readonly args: readonly string[];
  /** All of its environment. */
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  /** User and group. @default 0 */
  readonly user?: number;
  readonly mounts: readonly Mount[];
  /** @default nothing */
  readonly stdin?: string | Buffer;
}

/** A folder or file of the host, read-only, or a tmpfs that all may write to. */
export type Mount = { readonly at: string; readonly from: string } | { readonly at: string; readonly tmpfs: true };

export interface Ended {
  readonly code: number | null;
  readonly stdout: Buffer;
  readonly stderr: string;
}

/** What runtimes hide in a container by default. */
const MASKED = ['/proc/kcore', '/proc/keys', '/proc/latency_stats', '/proc/timer_list', '/proc/sched_debug'];
const READ_ONLY = ['/proc/bus', '/proc/fs', '/proc/irq', '/proc/sys', '/proc/sysrq-trigger'];
/** Of the container's own; its network is ours. */
const NAMESPACES = ['pid', 'ipc', 'uts', 'mount'];

/** A container under runc: no capabilities, no new privileges, and the network of whoever starts it. */
export class Container {
  private readonly id = `oscar-test-${randomBytes(6).toString('hex')}`;
  private readonly folder = mkdtempSync(join(tmpdir(), 'oscar-container-'));
  private readonly process: ChildProcess;
  private readonly output = { stdout: [] as Buffer[], stderr: [] as Buffer[] };
  /** Resolves when it has ended. */
  readonly ended: Promise<Ended>;

  constructor(props: ContainerProps) {
    this.mountRoot(props);
    writeFileSync(join(this.folder, 'config.json'), JSON.stringify(configOf(props, this.at('root'))));
    const args = ['--root', this.at('state'), 'run', '--bundle', this.folder, this.id];
    this.process = spawn('runc', args, { stdio: ['pipe', 'pipe', 'pipe'] });
    for (const stream of ['stdout', 'stderr'] as const) {
      this.process[stream]!.on('data', (part: Buffer) => this.output[stream].push(part));
    }
    this.process.stdin!.on('error', () => undefined); // it may end without having read
    this.process.stdin!.end(props.stdin ?? '');
    this.ended = this.end();
  }

  /** Runs one to its end. */
  static async run(props: ContainerProps): Promise<Ended> {
    return new Container(props).ended;
  }

  /** To its first process. */
  signal(name: 'TERM' | 'KILL'): void {
    execFileSync('runc', ['--root', this.at('state'), 'kill', this.id, name]);
  }

  get stderr(): string {
    return Buffer.concat(this.output.stderr).toString('utf8');
  }

  private async end(): Promise<Ended> {
    try {
      const code = await new Promise<number | null>((resolve, reject) => {
        this.process.on('error', reject);
        this.process.on('close', resolve);
      });
      return { code, stdout: Buffer.concat(this.output.stdout), stderr: this.stderr };
    } finally {
      execFileSync('umount', [this.at('root')]);
      rmSync(this.folder, { recursive: true });
    }
  }

  /** The image below, what this container writes above. */
  private mountRoot({ root, files = {} }: ContainerProps): void {
    for (const name of ['root', 'upper', 'work']) mkdirSync(this.at(name));
    for (const [path, content] of Object.entries(files)) {
      mkdirSync(join(this.at('upper'), path, '..'), { recursive: true });
      writeFileSync(join(this.at('upper'), path), content, { mode: 0o755 });
    }
    const options = `lowerdir=${root},upperdir=${this.at('upper')},workdir=${this.at('work')}`;
    execFileSync('mount', ['-t', 'overlay', 'overlay', '-o', options, this.at('root')]);
  }

  private at(name: string): string {
    return join(this.folder, name);
  }
}

/** By the OCI runtime specification. */
function configOf({ readOnlyRoot = false, args, env, cwd, user = 0, mounts }: ContainerProps, root: string) {
  return {
    ociVersion: '1.0.2',
    root: { path: root, readonly: readOnlyRoot },
    hostname: 'oscar-test',
    process: {
      terminal: false,
      user: { uid: user, gid: user },
      args,
      env: Object.entries(env).map(([name, value]) => `${name}=${value}`),
      cwd,
      capabilities: { bounding: [], effective: [], permitted: [], inheritable: [], ambient: [] },
      noNewPrivileges: true,
    },
    mounts: [...SYSTEM_MOUNTS, ...mounts.map(mountOf)],
    linux: {
      namespaces: NAMESPACES.map((type) => ({ type })),
      maskedPaths: MASKED,
      readonlyPaths: READ_ONLY,
      resources: { devices: [{ allow: false, access: 'rwm' }] },
    },
  };
}

const SYSTEM_MOUNTS = [
  { destination: '/proc', type: 'proc', source: 'proc', options: ['nosuid', 'noexec', 'nodev'] },
  {
    destination: '/dev',
    type: 'tmpfs',
    source: 'tmpfs',
    options: ['nosuid', 'strictatime', 'mode=755', 'size=65536k'],
  },
  { destination: '/dev/shm', type: 'tmpfs', source: 'shm', options: ['nosuid', 'noexec', 'nodev', 'mode=1777'] },
  { destination: '/sys', type: 'sysfs', source: 'sysfs', options: ['nosuid', 'noexec', 'nodev', 'ro'] },
];

function mountOf(mount: Mount) {
  const { at: destination } = mount;
  return 'tmpfs' in mount
    ? { destination, type: 'tmpfs', source: 'tmpfs', options: ['nosuid', 'nodev', 'mode=777'] }
    : { destination, type: 'bind', source: mount.from, options: ['rbind', 'ro', 'nosuid', 'nodev'] };
}
