// The load: requests by the clock, whether or not those before are answered, and how long each took.
import { Agent } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { eventOf, NAMESPACE, serviceName } from './objects.mjs';
import { answer } from './program.mjs';
import { byTheClock, post, send } from './requests.mjs';

/** Connections that are kept, and so requests at a time; what comes meanwhile waits, and its clock runs. */
const CONNECTIONS = 64;
const WARM_UP = 50;

answer({ events, jobs, burst, calls, get });

/** Events to the manager. @param run begins the files' names @returns milliseconds of each, and what went wrong */
async function events({ port, token, run, rate, seconds, serviceCount }) {
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
  const result = await byTheClock(rate, seconds, (index) => {
    const body = JSON.stringify(eventOf(serviceName(index % serviceCount), `${run}-${index}`));
    return post({ port, path: '/events', agent, token, body });
  });
  agent.destroy();
  return result;
}

/** Jobs to the double, past the manager: what the manager's work is compared with. */
async function jobs({ port, token, run, rate, seconds, job: { text, name } }) {
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
  const path = `/apis/batch/v1/namespaces/${NAMESPACE}/jobs`;
  const accept = 'application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io';
  const result = await byTheClock(rate, seconds, (index) => {
    const body = text.replaceAll(name, `${run}-${index}`).replace('in/example', `in/${run}-${index}`);
    return post({ port, path, agent, token, body, headers: { accept } });
  });
  agent.destroy();
  return result;
}

/** As many events at the same moment, each over a connection of its own; what is put off comes again, as from a store. */
async function burst({ port, token, run, count, serviceCount }) {
  const began = performance.now();
  const agent = new Agent({ keepAlive: true });
  const problems = [];
  let postponed = 0;
  const send = async (index) => {
    const body = JSON.stringify(eventOf(serviceName(index % serviceCount), `${run}-${index}`));
    for (;;) {
      const { status, text, retryAfter } = await post({ port, path: '/events', agent, token, body });
      if (status === 200) return;
      if (status !== 503 || !retryAfter) return problems.push(`${status} ${text}`);
      postponed++;
      await sleep(retryAfter * 1000);
    }
  };
  const fail = (error) => problems.push(error.message);
  await Promise.all(Array.from({ length: count }, (_, index) => send(index).catch(fail)));
  agent.destroy();
  return { seconds: (performance.now() - began) / 1000, postponed, problems };
}

/** Calls of a service through the manager, and of its pod, in turns. */
async function calls({ port, token, service, podPort, bytes, clients, rounds }) {
  const agent = new Agent({ keepAlive: true, maxSockets: clients });
  const body = Buffer.alloc(bytes, 'x');
  const through = { port, path: `/run/${service}`, agent, token, body };
  const direct = { port: podPort, path: '/', agent, body };
  const times = { through: [], direct: [] };
  const problems = [];
  const one = async (to, into) => {
    const began = performance.now();
    const { status, bytes: length, text } = await post(to);
    into?.push(performance.now() - began);
    if (status !== 200 || length !== bytes) problems.push(`${status} ${length} bytes ${text.slice(0, 200)}`);
  };
  const all = (to, into) => Promise.all(Array.from({ length: clients }, () => one(to, into)));
  for (let round = -WARM_UP; round < rounds; round++) {
    await all(through, round < 0 ? undefined : times.through);
    await all(direct, round < 0 ? undefined : times.direct);
  }
  agent.destroy();
  return { ...times, problems };
}

/** @returns milliseconds, and the answer's text */
async function get({ port, path, token }) {
  const began = performance.now();
  const { status, text } = await send({ method: 'GET', port, path, token });
  return { status, text, ms: performance.now() - began };
}
