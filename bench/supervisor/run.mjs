// Wall time and peak memory of a command with its children: PyInstaller's one file is a parent that unpacks and a child that works.
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { clearInterval, setInterval } from 'node:timers';

const SAMPLE_MS = 5;
/** What a container has. This machine's own may cost: Node reads `NODE_EXTRA_CA_CERTS` at its start, for 30 ms. */
export const CONTAINER_ENV = { PATH: process.env.PATH, HOME: process.env.HOME };

/**
 * Runs a command with `input` on its stdin. Returns seconds, and the largest sum of resident memory in MiB that its
 * processes had at one time (pages that they share count for each).
 */
export async function runOnce([program, ...args], { input = '', env = CONTAINER_ENV, memory = true } = {}) {
  const began = performance.now();
  const child = spawn(program, args, { stdio: ['pipe', 'ignore', 'pipe'], env });
  child.stdin.on('error', () => {}).end(input);
  let errors = '';
  child.stderr.on('data', (data) => (errors = (errors + data).slice(-4000)));
  let kibibytes = 0;
  const sample = () => (kibibytes = Math.max(kibibytes, residentOf(child.pid)));
  // Looking costs time, so what is timed isn't looked at.
  const timer = memory ? setInterval(sample, SAMPLE_MS) : undefined;
  const code = await new Promise((done, fail) => child.once('error', fail).once('close', done));
  const seconds = (performance.now() - began) / 1000;
  clearInterval(timer);
  if (code !== 0) throw new Error(`${program} ended with ${code}:\n${errors}`);
  return { seconds, mebibytes: kibibytes / 1024 };
}

function residentOf(pid) {
  try {
    const resident = Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0);
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean);
    return children.reduce((sum, child) => sum + residentOf(child), resident);
  } catch {
    return 0; // it has ended meanwhile
  }
}

export function quantile(values, q) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))];
}
