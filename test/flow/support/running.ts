import { Flow } from './flow';
import { Outside } from './outside';
import type { Store } from './store';

/** What a file's tests have: a platform that is provisioned, its store, and the servers that are not its own. */
export interface Running {
  readonly outside: Outside;
  readonly flow: Flow;
  readonly store: Store;
}

/** Starts it before a file's tests, hands it over, and ends it after them. */
export function running(take: (running: Running) => void): void {
  let outside: Outside | undefined;
  let flow: Flow | undefined;
  beforeAll(async () => {
    outside = await Outside.start();
    flow = await Flow.start(outside.options);
    take({ outside, flow, store: await flow.store() });
  });
  afterAll(async () => {
    await flow?.stop();
    await outside?.stop();
  });
}
