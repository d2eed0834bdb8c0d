import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Declaration } from '../../../src/contract';
import { bundled } from '../../programs/bundled';
import { serverFolder } from './process';
import type { SecretApi } from './secret-api';

export interface ProvisionerRun {
  /** Undefined: it was killed. */
  readonly code: number | undefined;
  /** All that it wrote. */
  readonly output: string;
  /** What it said of things: `changed: bucket "in": created`. */
  readonly said: readonly string[];
  readonly seconds: number;
}

interface Line {
  readonly message: string;
  readonly result?: string;
}

/** The provisioner as a process, beside a double of Kubernetes. */
export class ProvisionerProcess {
  private readonly folder = serverFolder('provisioner');
  private readonly program = join(this.folder, 'provisioner.cjs');

  constructor(private readonly api: SecretApi) {
    writeFileSync(this.program, bundled(join(__dirname, 'provisioner-program.ts')));
  }

  /** To its end. @param killAfterLines SIGKILL when it has written so many, as if the power went */
  async run(declaration: Declaration, killAfterLines = Infinity): Promise<ProvisionerRun> {
    // Not as an argument: a system has a limit for those.
    const argument = JSON.stringify({ declaration, account: this.api.account });
    const env = {
      PATH: process.env.PATH,
      HOME: this.folder,
      OSCAR_TEST_PROGRAMS: process.env.OSCAR_TEST_PROGRAMS,
      KUBERNETES_SERVICE_HOST: '127.0.0.1',
      KUBERNETES_SERVICE_PORT: `${this.api.port}`,
      JOB_NAMESPACE: 'oscar',
      JOB_NAME: 'oscar-provisioner-1',
    };
    const start = performance.now();
    const child = spawn(process.execPath, [this.program], { env, stdio: ['pipe', 'pipe', 'inherit'] });
    child.stdin.on('error', () => {}).end(argument);
    const chunks: Buffer[] = [];
    let lines = 0;
    child.stdout.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      lines += chunk.toString('latin1').split('\n').length - 1;
      if (lines >= killAfterLines) child.kill('SIGKILL');
    });
    const [code] = (await once(child, 'close')) as [number | null];
    const output = Buffer.concat(chunks).toString('utf8');
    const said = output
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line) as Line)
      .filter(({ result }) => result)
      .map(({ message }) => message);
    return { code: code ?? undefined, output, said, seconds: (performance.now() - start) / 1000 };
  }

  remove(): void {
    rmSync(this.folder, { recursive: true });
  }
}
