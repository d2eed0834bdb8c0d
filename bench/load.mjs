// Files at a rate, when each of them was where, and where the time goes.
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { quantile } from './supervisor/run.mjs';

const SIZE_BYTES = 1024;

/** Lines of the supervisor's log, and what each is the end of. */
const LOGGED = {
  booted: /object 1 of 1/,
  fetched: /fetched "/,
  scripted: /the script ended/,
  stored: /stored "/,
  done: /done in/,
};

/**
 * Uploads `count` files, `rate` of them a second, and waits for their results. The world says how: `put(key, content)`;
 * `jobOf(key)`, once it is complete, with its `name` and when it was made; `untilAll(check)`; `resultsOf(run)`, moments by
 * key; and `momentsOf(name)`, of the Job's pod and its supervisor.
 * @returns moments of each file, in milliseconds since 1970, or what it was `refused` with
 */
export async function load(world, run, rate, count) {
  const files = [];
  const began = Date.now();
  const uploads = [];
  for (let i = 0; i < count; i++) {
    await sleep(Math.max(0, began + (i * 1000) / rate - Date.now()));
    const file = { key: `${run}-${i}`, sent: Date.now() };
    files.push(file);
    const upload = world.put(file.key, randomBytes(SIZE_BYTES));
    uploads.push(
      upload.then(
        () => (file.answered = Date.now()),
        (error) => (file.refused = error.message),
      ),
    );
  }
  await Promise.all(uploads);
  const taken = files.filter(({ refused }) => refused === undefined);
  await world.untilAll(() => taken.every(({ key }) => world.jobOf(key) !== undefined));
  const results = await world.resultsOf(run);
  for (const file of taken) {
    const job = world.jobOf(file.key);
    Object.assign(file, job, { result: results.get(file.key) }, await world.momentsOf(job.name));
  }
  return files;
}

/** @param text of a supervisor's log */
export function logged(text) {
  const lines = text.split('\n');
  const at = (pattern) => timeOf(lines.find((line) => pattern.test(line)));
  return Object.fromEntries(Object.entries(LOGGED).map(([name, pattern]) => [name, at(pattern)]));
}

/** What a line of the supervisor's log begins with. */
function timeOf(line = '') {
  return Date.parse(`${line.slice(0, 23).replace(' ', 'T').replace(',', '.')}Z`);
}

/** @param steps `[name, from, to]` @param more lines below them */
export function table(title, files, steps, more = []) {
  const rows = steps.map(([name, from, to]) => {
    // A container's log may lack a line by the time that it is read.
    const times = files.map((file) => file[to] - file[from]).filter(Number.isFinite);
    if (times.length < files.length) console.error(`${name}: of ${times.length} of ${files.length}`);
    return `| ${name} | ${quantile(times, 0.5)} | ${quantile(times, 0.99)} |`;
  });
  console.log(`\n${title}\n\n| step | p50 ms | p99 ms |\n| --- | ---: | ---: |\n${[...rows, ...more].join('\n')}`);
}

/** What the manager's metrics tell of its own part: seconds in all, and of how many events. */
export function managersPart(metrics) {
  const number = (suffix) =>
    Number(
      new RegExp(`^oscar_manager_step_duration_seconds_${suffix}\\{step="store"\\} (.*)$`, 'm').exec(metrics)?.[1] ?? 0,
    );
  return { seconds: number('sum'), events: number('count') };
}

/** A line of a table: how long the manager had each event, on average. */
export function managersMean(before, after) {
  const mean = ((after.seconds - before.seconds) * 1000) / (after.events - before.events);
  return `| of the event's time, the manager's (mean) | ${mean.toFixed(1)} | |`;
}
