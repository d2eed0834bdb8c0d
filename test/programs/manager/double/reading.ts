import { setTimeout as sleep } from 'node:timers/promises';
import type { WatchEvent } from './client';

/** A watch's next event. */
export async function first(watch: AsyncIterable<WatchEvent>): Promise<WatchEvent> {
  for await (const event of watch) return event;
  throw new Error('the watch ended without an event');
}

/** All that a watch tells until it ends. */
export async function collect(watch: AsyncIterable<WatchEvent>): Promise<WatchEvent[]> {
  const events: WatchEvent[] = [];
  for await (const event of watch) events.push(event);
  return events;
}

/** @throws after five seconds */
export async function eventually(holds: () => boolean): Promise<void> {
  for (let tries = 500; !holds(); tries--) {
    if (tries === 0) throw new Error(`never: ${holds}`);
    await sleep(10);
  }
}

export const NAMESPACE = 'oscar-svc';
export const JOBS = `/apis/batch/v1/namespaces/${NAMESPACE}/jobs`;
export const PODS = `/api/v1/namespaces/${NAMESPACE}/pods`;

/** A Job as a test puts it there. */
export const job = (name: string) => ({
  kind: 'Job',
  metadata: { name, namespace: NAMESPACE, labels: { service: 'a' } },
  spec: { template: { spec: POD_SPEC } },
});

export const POD_SPEC = { restartPolicy: 'Never', containers: [{ name: 'main', image: 'busybox' }] };
