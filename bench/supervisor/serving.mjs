// The serving mode under load, beside the bare script.
import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { Agent, get, request } from 'node:http';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { CONTAINER_ENV, quantile } from './run.mjs';
import { OURS } from './subjects.mjs';

const PORT = 8080;

/** Posts `body` `count` times, `clients` at a time. Returns milliseconds of each, and how many a second. */
export async function load(body, expected, count, clients) {
  const agent = new Agent({ keepAlive: true, maxSockets: clients });
  const times = [];
  let left = count;
  const began = performance.now();
  const client = async () => {
    while (left-- > 0) {
      const start = performance.now();
      const answer = await post(agent, body);
      times.push(performance.now() - start);
      if (answer !== expected) throw new Error(`answered ${answer.slice(0, 200)}`);
    }
  };
  await Promise.all(Array.from({ length: clients }, client));
  const perSecond = count / ((performance.now() - began) / 1000);
  agent.destroy();
  return { perSecond, p50: quantile(times, 0.5), p99: quantile(times, 0.99) };
}

function post(agent, body) {
  return new Promise((done, fail) => {
    const headers = { 'content-type': 'application/octet-stream', 'content-length': body.length };
    const sent = request({ host: '127.0.0.1', port: PORT, method: 'POST', agent, headers }, (response) => {
      let text = '';
      response.setEncoding('latin1').on('data', (data) => (text += data));
      response.on('end', () => done(text));
      response.on('error', fail);
    });
    sent.on('error', fail).end(body);
  });
}

/** The same script, without anybody who serves: a process starts it as our supervisor does. */
export function bareScript(folder, script, body, count) {
  const input = join(folder, 'bare-input');
  const output = join(folder, 'bare-output');
  writeFileSync(input, body);
  const env = { ...CONTAINER_ENV, INPUT_FILE_PATH: input, TMP_OUTPUT_DIR: output };
  const times = [];
  const began = performance.now();
  for (let i = 0; i < count; i++) {
    mkdirSync(output, { recursive: true });
    const start = performance.now();
    const { status } = spawnSync('/bin/sh', [script], { env, stdio: 'ignore' });
    times.push(performance.now() - start);
    if (status !== 0) throw new Error(`the bare script ended with ${status}`);
    rmSync(output, { recursive: true });
  }
  const perSecond = count / ((performance.now() - began) / 1000);
  return { perSecond, p50: quantile(times, 0.5), p99: quantile(times, 0.99) };
}

/** Starts our serving mode, until `stop`. */
export async function startServing() {
  const [program, ...args] = OURS.command;
  const server = spawn(program, [...args, 'serve'], { env: CONTAINER_ENV, stdio: 'ignore' });
  for (const end = Date.now() + 10_000; ; await sleep(20)) {
    if (await isReady()) break;
    if (Date.now() > end || server.exitCode !== null) throw new Error('the serving mode does not get ready');
  }
  return {
    stop: async () => {
      const closed = new Promise((done) => server.once('close', done));
      server.kill('SIGINT');
      await closed;
    },
  };
}

const isReady = () =>
  new Promise((done) => {
    get({ host: '127.0.0.1', port: PORT, path: '/healthz' }, (response) => {
      response.resume();
      done(response.statusCode === 200);
    }).on('error', () => done(false));
  });
