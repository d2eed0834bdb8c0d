import { setTimeout as sleep } from 'node:timers/promises';
import { backOffMs } from '../../common/back-off';
import type { Log } from '../../common/log';
import { KubernetesApi, reasonOf } from './api';
import type { KubernetesObject } from './objects';
import { watch, WatchRefused } from './watch';

/** One kind of objects in one namespace. */
export interface Resource {
  /** e.g. `/api/v1/namespaces/oscar-svc/configmaps` */
  readonly path: string;
  readonly labelSelector: string;
  /** Told of each object as it is now, of one also more than once; without an object: it is gone. */
  readonly onChange: (name: string, object: KubernetesObject | undefined) => void;
  /** Told when a list begins: until it is told of whole, some objects are known as they are and some as they were. */
  readonly onListing?: () => void;
  /** Told when all objects of a list have been told. */
  readonly onListed?: () => void;
}

/** Objects in one answer of a list: of Jobs some 700 KiB, with the longest events 25 MiB. */
const PAGE = 100;
/** An API server that is busy takes its time for a page. */
const LIST_TIMEOUT_MS = 60_000;
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 15_000;
/** A watch that ends sooner is not asked for again at once: somebody may end each. */
const SHORTEST_WATCH_MS = 1_000;
/** What a server says of a version that it can't watch from: it is gone, or not one of its own. */
const OF_THE_VERSION = [400, 410, 422];
/** A version that a server has not come to yet (its store was put back) is refused by what could be any trouble. */
const REFUSALS = 3;

/**
 * Follows the objects of one kind by a list and a watch. Every object is seen as it is, at latest when the next list
 * comes; states between may be missed. When the server is away, nothing is told: what was known stays.
 */
export class Reflector {
  /** Of the objects that are there. */
  private readonly names = new Set<string>();
  /** All until then has been told; undefined: it is listed anew. */
  private version: string | undefined;
  /** In a row. */
  private failures = 0;
  private isWatching = false;
  private hasListed = false;
  private readonly ended = new AbortController();

  constructor(
    private readonly api: Pick<KubernetesApi, 'call' | 'stream'>,
    private readonly resource: Resource,
    private readonly log: Log,
  ) {}

  /** A list came at least once. */
  get synced(): boolean {
    return this.hasListed;
  }

  /** The watch is open: what is known is what is there, but for the moment that a change takes to arrive. */
  get current(): boolean {
    return this.isWatching;
  }

  /** Goes on until `stop`. */
  start(): void {
    void this.run();
  }

  stop(): void {
    this.ended.abort();
  }

  private async run(): Promise<void> {
    const { signal } = this.ended;
    while (!signal.aborted) {
      try {
        this.version ??= await this.list();
        await this.follow(this.version);
      } catch (error) {
        if (signal.aborted) return;
        this.failed(error as Error);
        await sleep(backOffMs(this.failures, FIRST_WAIT_MS, LONGEST_WAIT_MS), undefined, { signal }).catch(() => {});
      }
    }
  }

  private failed(error: Error): void {
    this.failures++;
    const status = error instanceof WatchRefused ? error.status : undefined;
    const isOld = status !== undefined && (OF_THE_VERSION.includes(status) || this.failures > REFUSALS);
    if (isOld) this.version = undefined;
    const reason = `${error.message}${isOld ? ': it is listed anew' : ''}`;
    this.log(isOld ? 'info' : 'warning', `${this.resource.path} can't be followed`, { reason });
  }

  /** @returns the version to watch from */
  private async list(): Promise<string> {
    const listed = new Set<string>();
    this.resource.onListing?.();
    let page = await this.page(listed);
    while (page.continue) page = await this.page(listed, page.continue);
    for (const name of [...this.names]) if (!listed.has(name)) this.tell(name, undefined);
    this.hasListed = true;
    this.resource.onListed?.();
    return page.resourceVersion;
  }

  /** Of a page nothing is left once it is read, or each would lie in memory beside the next. */
  private async page(listed: Set<string>, next?: string): Promise<ListBody['metadata']> {
    const { path, labelSelector } = this.resource;
    const query = { labelSelector, limit: PAGE, continue: next };
    const answer = await this.api.call('GET', path, { query, timeoutMs: LIST_TIMEOUT_MS });
    if (answer.status !== 200) throw new Error(reasonOf(answer));
    const { items, metadata } = answer.body as ListBody;
    for (const object of items) {
      listed.add(object.metadata.name);
      this.tell(object.metadata.name, object);
    }
    return metadata;
  }

  private async follow(version: string): Promise<void> {
    const { path, labelSelector } = this.resource;
    const began = performance.now();
    try {
      for await (const event of watch(this.api, path, labelSelector, version, this.ended.signal)) {
        if (event === 'begun') {
          this.isWatching = true;
          continue;
        }
        const { type, object } = event;
        if (type !== 'BOOKMARK') this.tell(object.metadata.name, type === 'DELETED' ? undefined : object);
        this.version = object.metadata.resourceVersion ?? this.version;
        this.failures = 0;
      }
    } finally {
      this.isWatching = false;
    }
    if (performance.now() - began < SHORTEST_WATCH_MS) throw new Error('the watch ended at once');
    this.failures = 0;
  }

  private tell(name: string, object: KubernetesObject | undefined): void {
    if (object) this.names.add(name);
    else this.names.delete(name);
    try {
      this.resource.onChange(name, object);
    } catch (error) {
      // Whatever one object holds, the others are followed.
      this.log('error', `${this.resource.path}/${name} can't be understood`, { reason: (error as Error).stack });
    }
  }
}

interface ListBody {
  readonly items: readonly KubernetesObject[];
  readonly metadata: { readonly resourceVersion: string; readonly continue?: string };
}
