// A MinIO of the benchmark's own, on loopback, and its client.
import { execFileSync, spawn } from 'node:child_process';
import { get } from 'node:http';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { goProgram } from './tools.mjs';

const USER = 'benchmark';
const PASSWORD = 'benchmark-password';
const BUCKET = 'bench';

async function freePort() {
  const server = createServer();
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address();
  await new Promise((done) => server.close(done));
  return port;
}

/** @param folder for its data */
export async function startStore(folder) {
  const port = await freePort();
  const endpoint = `http://127.0.0.1:${port}`;
  const env = { ...process.env, MINIO_ROOT_USER: USER, MINIO_ROOT_PASSWORD: PASSWORD, MINIO_BROWSER: 'off' };
  const args = ['server', '--quiet', '--address', `127.0.0.1:${port}`, join(folder, 'data')];
  const server = spawn(goProgram('minio'), args, { env, stdio: 'ignore' });
  const client = { MC_CONFIG_DIR: join(folder, 'mc'), MC_HOST_store: `http://${USER}:${PASSWORD}@127.0.0.1:${port}` };
  const mc = (...args) =>
    execFileSync(goProgram('mc'), ['--quiet', ...args], {
      env: { ...process.env, ...client },
      maxBuffer: 2 ** 31 - 1,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  await answers(`${endpoint}/minio/health/live`);
  mc('mb', `store/${BUCKET}`);
  return {
    endpoint,
    bucket: BUCKET,
    user: USER,
    password: PASSWORD,
    /** Environment by which `mc` finds the store as `store`. */
    client,
    put: (file, key) => mc('cp', file, `store/${BUCKET}/${key}`),
    get: (key) => mc('cat', `store/${BUCKET}/${key}`),
    /** Size in bytes. */
    size: (key) => JSON.parse(mc('stat', '--json', `store/${BUCKET}/${key}`).toString()).size,
    remove: (key) => mc('rm', '--force', `store/${BUCKET}/${key}`),
    stop: () => server.kill('SIGKILL'),
  };
}

async function answers(url) {
  const ask = () =>
    new Promise((done) => {
      get(url, (response) => {
        response.resume();
        done(response.statusCode === 200);
      }).on('error', () => done(false));
    });
  for (const end = Date.now() + 30_000; !(await ask()); await sleep(50)) {
    if (Date.now() > end) throw new Error(`${url} doesn't answer`);
  }
}
