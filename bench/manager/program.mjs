// Programs of the benchmark: each a process of its own, on a core of its own, that is asked over its channel.
import { spawn, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** Of the manager, and of everything else. */
export const CORES = { manager: '0', others: '1' };

/** Of `times` in /proc: the same on every Linux that we know. */
const TICKS_PER_SECOND = 100;

/** Fails with what to do where programs can't be given a core each. */
export function checkCores() {
  const { error, status, stderr } = spawnSync('taskset', ['-c', `${CORES.manager},${CORES.others}`, 'true']);
  if (error) throw new Error('there is no taskset: install util-linux, which has it (apt-get install util-linux)');
  if (status !== 0) throw new Error(`two cores are needed, of which the manager gets one: ${stderr}`);
}

export class Program {
  #child;
  #asked = new Map();
  #next = 0;
  #ended;

  /** @param options what the program starts with; it logs to nowhere, over a pipe as in a pod */
  constructor(name, core, script, options = {}) {
    this.name = name;
    const args = ['-c', core, process.execPath, script, JSON.stringify(options)];
    this.#child = spawn('taskset', args, { stdio: ['ignore', 'pipe', 'inherit', 'ipc'] });
    this.#child.stdout.resume();
    this.#child.on('message', ({ id, result, error }) => {
      const { done, fail } = this.#asked.get(id);
      this.#asked.delete(id);
      if (error === undefined) done(result);
      else fail(new Error(`${name}: ${error}`));
    });
    this.#ended = new Promise((resolve) => this.#child.once('exit', resolve));
    void this.#ended.then((code) => {
      for (const { fail } of this.#asked.values()) fail(new Error(`${name} ended with ${code}`));
    });
  }

  ask(method, ...args) {
    const id = this.#next++;
    return new Promise((done, fail) => {
      this.#asked.set(id, { done, fail });
      this.#child.send({ id, method, args });
    });
  }

  /** That it has used so far, of all its threads. */
  get cpuSeconds() {
    const fields = readFileSync(`/proc/${this.#child.pid}/stat`, 'utf8').split(') ')[1].split(' ');
    return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
  }

  /** For so long it wanted to work, and others had its core: the machine's noise. NaN where the kernel doesn't tell. */
  get waitedSeconds() {
    try {
      return Number(readFileSync(`/proc/${this.#child.pid}/schedstat`, 'utf8').split(' ')[1]) / 1e9;
    } catch {
      return NaN;
    }
  }

  /** Resident MiB: now, and the most that there ever was. */
  get memory() {
    const status = readFileSync(`/proc/${this.#child.pid}/status`, 'utf8');
    const mebibytes = (field) => Number(new RegExp(`${field}:\\s+(\\d+)`).exec(status)[1]) / 1024;
    return { now: mebibytes('VmRSS'), most: mebibytes('VmHWM') };
  }

  async stop() {
    if (this.#child.connected) this.#child.disconnect();
    await this.#ended;
  }
}

/** A program's own side: what it is asked for are these functions. It ends with whoever started it. */
export function answer(functions) {
  process.on('message', async ({ id, method, args }) => {
    try {
      process.send({ id, result: await functions[method](...args) });
    } catch (error) {
      process.send({ id, error: error.stack });
    }
  });
  process.once('disconnect', () => process.exit(0));
}

/** What the program was started with. */
export const options = () => JSON.parse(process.argv[2]);
