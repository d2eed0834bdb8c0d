// The manager beside a double of Kubernetes, a warm pod and the load.
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { buildSync } from 'esbuild';
import { NAMESPACE, serviceName } from './objects.mjs';
import { CORES, Program } from './program.mjs';

export const TOKENS = { webhook: 'w'.repeat(64), metrics: 'm'.repeat(64), service: 'a1'.repeat(32) };
/** Of which there are many Jobs, and a warm pod. */
export const SERVICE = serviceName(0);
const READY_MS = 120_000;

const root = fileURLToPath(new URL('../..', import.meta.url));

export class World {
  /** @param jobCount that are there before the manager starts */
  static async start({ serviceCount, jobCount = 0 }) {
    const world = new World(serviceCount);
    try {
      await world.#start(jobCount);
      return world;
    } catch (error) {
      await world.stop();
      throw error;
    }
  }

  #folder = mkdtempSync(join(tmpdir(), 'oscar-bench-'));
  #programs = [];

  constructor(serviceCount) {
    this.serviceCount = serviceCount;
  }

  async #start(jobCount) {
    const yaml = this.#exampleService();
    this.kubernetes = this.#program('kubernetes', CORES.others);
    this.pod = this.#program('pod', CORES.others);
    this.load = this.#program('load', CORES.others);
    const kubeconfig = await this.kubernetes.ask('start');
    this.kubernetesPort = Number(new URL(kubeconfig.clusters[0].server).port);
    this.kubernetesToken = kubeconfig.users[0].token;
    this.podPort = await this.pod.ask('port');
    const { serviceCount } = this;
    this.bytesOfJob = await this.kubernetes.ask('fill', { yaml, serviceCount, jobCount, token: TOKENS.service });
    const podPort = this.podPort;
    const began = performance.now();
    this.manager = this.#program('serve', CORES.manager, {
      settings,
      secretsDir: this.#secrets(),
      kubeconfig,
      podPort,
    });
    this.port = await this.manager.ask('port');
    await this.#ready(jobCount);
    this.readySeconds = (performance.now() - began) / 1000;
  }

  async #ready(jobCount) {
    for (const end = Date.now() + READY_MS; Date.now() < end; await sleep(20)) {
      if (!(await this.manager.ask('missing')) && (await this.manager.ask('jobs')) >= jobCount) return;
    }
    throw new Error(`the manager knows ${await this.manager.ask('jobs')} Jobs; ${await this.manager.ask('missing')}`);
  }

  /** What the last synthesis would apply for one service. */
  #exampleService() {
    const command = [join(root, 'lib/src/cli/main.js'), 'synth', 'dev', '--outdir', join(this.#folder, 'dist')];
    execFileSync(process.execPath, command, { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] });
    return readFileSync(join(this.#folder, 'dist/dev/service-grayscale.yaml'), 'utf8');
  }

  #secrets() {
    const folder = join(this.#folder, 'secrets');
    const secrets = { 'webhook/token': TOKENS.webhook, 'metrics/token': TOKENS.metrics };
    for (const [file, value] of Object.entries(secrets)) {
      mkdirSync(dirname(join(folder, file)), { recursive: true });
      writeFileSync(join(folder, file), value);
    }
    return folder;
  }

  #program(name, core, options) {
    const program = new Program(name, core, bundled(name, this.#folder), options);
    this.#programs.push(program);
    return program;
  }

  async stop() {
    await Promise.all(this.#programs.map((program) => program.stop()));
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** As `scripts/bundle.mjs` makes programs. */
function bundled(name, folder) {
  const outfile = join(folder, `${name}.cjs`);
  buildSync({
    entryPoints: [join(root, `bench/manager/${name}.mjs`)],
    ...{ absWorkingDir: root, bundle: true, platform: 'node', target: 'node20', format: 'cjs' },
    ...{ supported: { 'dynamic-import': false }, minify: true, outfile, logLevel: 'warning' },
  });
  return outfile;
}

/** As an environment has them by default. */
const settings = {
  ...{ name: 'oscar', namespace: 'oscar', servicesNamespace: NAMESPACE },
  minio: { endpoint: 'http://127.0.0.1:9', region: 'us-east-1', verify: true },
  ...{
    bodiesBucket: 'oscar-bodies',
    recordsBucket: 'oscar-records',
    maxBodyBytes: 100 * 2 ** 20,
    idleSeconds: 3600,
    coldStartSeconds: 60,
  },
  corsOrigins: [],
};
