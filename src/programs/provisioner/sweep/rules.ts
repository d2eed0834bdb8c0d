import { Declaration } from '../../../contract';
import { Log } from '../../common/log';
import { quoted } from '../../supervisor/storage/words';
import { declaredConfigurations, putConfigurations } from '../store/notifications';
import type { Store } from '../store/store';

/** An event is here within seconds; it waits where it can't be sent, so that some are older without being lost. */
export const EVENT_MS = 60_000;

/**
 * Notification rules of the platform's own store, written again where uploads came without an event. A process of MinIO
 * that starts while it can't read a bucket's metadata serves the bucket without its rules, and says so to nobody: it
 * stores uploads and tells of none, for a quarter of an hour or until it starts anew. What is written to one process all
 * of them load, whether it is new or not.
 */
export class Rules {
  private readonly written = new Set<string>();

  constructor(
    private readonly declaration: Pick<Declaration, 'platform' | 'store' | 'buckets'>,
    private readonly store: Store,
    private readonly log: Log,
  ) {}

  /** Once a sweep, as they are declared, and without a look at those that are there: who answers may not know them. @throws StoreError */
  async writeAgain(name: string): Promise<void> {
    const { platform, store, buckets } = this.declaration;
    const bucket = buckets.find((one) => one.name === name);
    // Rules of an external store may be made by hand, and otherwise.
    if (store.external || !bucket?.notifications.length || this.written.has(name)) return;
    await putConfigurations(this.store, name, declaredConfigurations(platform, bucket));
    this.written.add(name);
    const words = `no event told of an upload within ${EVENT_MS / 1000} s: its notifications are written again`;
    this.log('warning', `bucket ${quoted(name)}: ${words}, so that each pod of the store knows them`);
  }
}
