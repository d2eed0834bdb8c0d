// Files at a rate, and when each of them was where.
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

const SIZE_BYTES = 1024;
const PATIENCE_MS = 300_000;

/** Lines of the supervisor's log, and what each is the end of. */
const LOGGED = {
  booted: /object 1 of 1/,
  fetched: /fetched "/,
  scripted: /the script ended/,
  stored: /stored "/,
  done: /done in/,
};

/** Uploads `count` files, `rate` of them a second, and waits for their results. @returns moments of each, in milliseconds since 1970 */
export async function load({ flow, store, jobs }, run, rate, count) {
  const files = [];
  const began = Date.now();
  const uploads = [];
  for (let i = 0; i < count; i++) {
    await sleep(Math.max(0, began + (i * 1000) / rate - Date.now()));
    const file = { key: `${run}-${i}`, sent: Date.now() };
    files.push(file);
    uploads.push(store.put(`bulk/in/${file.key}`, randomBytes(SIZE_BYTES)).then(() => (file.answered = Date.now())));
  }
  await Promise.all(uploads);
  const job = ({ key }) => jobs.get(`bulk/in/${key}`);
  const isDone = (file) => job(file)?.complete !== undefined;
  await flow.until('each file has its result', () => files.every(isDone), PATIENCE_MS);
  const results = new Map(
    (await store.list(`bulk/out/${run}-`)).map(({ key, at }) => [key.replace(/\.digest$/, ''), at]),
  );
  const runs = runsOf(flow.executed);
  return files.map((file) => {
    const { name, created } = job(file);
    const result = results.get(file.key.slice(run.length + 1));
    return { ...file, created, result, ...runs.get(name), ...logged(flow.pods.logOf(name)) };
  });
}

function runsOf(executed) {
  const runs = new Map();
  for (const { job, event, at } of executed) runs.set(job, { ...runs.get(job), [event]: at });
  return runs;
}

function logged(file) {
  const lines = readFileSync(file, 'utf8').split('\n');
  const at = (pattern) =>
    Date.parse(
      `${lines
        .find((line) => pattern.test(line))
        ?.slice(0, 23)
        .replace(' ', 'T')
        .replace(',', '.')}Z`,
    );
  return Object.fromEntries(Object.entries(LOGGED).map(([name, pattern]) => [name, at(pattern)]));
}
