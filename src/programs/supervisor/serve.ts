import { setTimeout as sleep } from 'node:timers/promises';
import { SUPERVISOR_PORT } from '../../contract';
import { LONGEST_TIMER_MS } from './deadline';
import type { Definition } from './definition';
import { invoke as invokeScript, Places } from './invocation';
import { Log } from './log';
import type { Invoke } from './serve/invocations';
import { createMetrics } from './serve/metrics';
import { Queue } from '../common/queue';
import { InvocationServer } from './serve/server';
import { removeLeftovers } from './work-folder';

export interface ServeOptions {
  readonly definition: Definition;
  readonly places: Places;
  /** @default SUPERVISOR_PORT; 0: any free one, which the log tells */
  readonly port?: number;
  /** @default the script is run */
  readonly invoke?: Invoke;
}

/** So many requests wait for each that may run. */
const WAITING_PER_RUNNING = 10;
/** The cluster sends requests until every node knows that the pod ends, and no preStop hook can wait in a user's image. */
const LAG_MS = 5_000;
/** Answers that are still on their way at the very end. */
const LAST_ANSWERS_MS = 2_000;

/**
 * Serves a warm pod until SIGTERM or SIGINT. Then it takes requests for a while (SIGTERM), ends what waits and runs
 * in the service's time limit, and after that by force; a second signal means at once.
 * @throws InvocationError (`configuration`) when the port can't be had
 */
export async function serveInvocations(options: ServeOptions): Promise<void> {
  const { definition, places, port = SUPERVISOR_PORT, invoke = invokeScript } = options;
  // From the very beginning: a pod may be ended while it starts.
  const signal = nextSignal();
  const log = new Log('serve', definition.logLevel);
  await removeLeftovers(places.work).catch((error: Error) =>
    log.warning(`what an earlier container left can't be removed: ${error.message}`),
  );
  const queue = new Queue(definition.maxInflight, WAITING_PER_RUNNING * definition.maxInflight);
  const metrics = await createMetrics(definition.name, queue);
  const server = new InvocationServer({ definition, places, invoke, queue, metrics, log });
  log.info(`${definition.name}: listening on port ${await server.listen(port)}`);

  const first = await signal;
  const second = nextSignal();
  log.info(`${first}: ending`);
  server.announceEnd();
  if (first === 'SIGTERM') await Promise.race([pause(LAG_MS), second]);
  server.close();
  await Promise.race([queue.empty(), pause(definition.timeoutSeconds * 1000), second]);
  if (queue.running > 0) log.warning(`ended by force: ${queue.running} that run and ${queue.waiting} that wait`);
  server.abort();
  await queue.empty();
  await server.closed(LAST_ANSWERS_MS);
}

/** Keeps no process alive by itself. */
const pause = (ms: number) => sleep(Math.min(ms, LONGEST_TIMER_MS), undefined, { ref: false });

function nextSignal(): Promise<NodeJS.Signals> {
  const names = ['SIGTERM', 'SIGINT'] as const;
  return new Promise((resolve) => {
    const come = (signal: NodeJS.Signals) => {
      for (const name of names) process.off(name, come);
      resolve(signal);
    };
    for (const name of names) process.on(name, come);
  });
}
