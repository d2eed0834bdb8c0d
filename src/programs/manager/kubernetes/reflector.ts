import { setTimeout as sleep } from 'node:timers/promises';
import { KubeConfig, Watch } from '@kubernetes/client-node';
import type { Log } from '../../common/log';
import { KubernetesApi, reasonOf } from './api';
import type { KubernetesObject } from './objects';

/** One kind of objects in one namespace. */
export interface Resource {
  /** e.g. `/api/v1/namespaces/oscar-svc/configmaps` */
  readonly path: string;
  readonly labelSelector: string;
  /** Told of each object as it is now, of one also more than once; without an object: it is gone. Must not throw. */
  readonly onChange: (name: string, object: KubernetesObject | undefined) => void;
  /** Told when all objects of a list have been told. */
  readonly onListed?: () => void;
}

/** Objects in one answer of a list: of Jobs some 2 MiB. With twice as many, a long list took a quarter more memory. */
const PAGE = 250;
/** The server ends a watch after so long, and the next goes on where it stopped. */
const WATCH_SECONDS = 290;
const LONGEST_WAIT_MS = 15_000;
/** An API server that is busy takes its time for a page. */
const LIST_TIMEOUT_MS = 60_000;

/** An answer that says that the list is too old to go on from. */
class Expired extends Error {}

/**
 * Follows the objects of one kind by a list and a watch. Every object is seen as it is, at latest when the next list
 * comes; states between may be missed. When the server is away, nothing is told: what was known stays.
 */
export class Reflector {
  /** Of the objects that are there. */
  private names = new Set<string>();
  private isWatching = false;
  private hasListed = false;
  private readonly ended = new AbortController();

  constructor(
    private readonly config: KubeConfig,
    private readonly api: KubernetesApi,
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
    let version: string | undefined;
    for (let failures = 0; !signal.aborted;) {
      try {
        version ??= await this.list();
        version = await this.watch(version);
        failures = 0;
      } catch (error) {
        if (signal.aborted) return;
        failures++;
        const expired = error instanceof Expired;
        // A watch that is refused again and again may have been refused for its version.
        if (expired || failures > 3) version = undefined;
        const reason = expired ? 'its version is too old: it is listed anew' : (error as Error).message;
        this.log(expired ? 'info' : 'warning', `${this.resource.path} can't be followed`, { reason });
        await sleep(waitMs(failures), undefined, { signal }).catch(() => {});
      }
    }
  }

  /** @returns the version to watch from */
  private async list(): Promise<string> {
    const listed = new Set<string>();
    let page = await this.page(listed);
    while (page.continue) page = await this.page(listed, page.continue);
    for (const name of this.names) if (!listed.has(name)) this.resource.onChange(name, undefined);
    this.names = listed;
    this.hasListed = true;
    this.resource.onListed?.();
    return page.resourceVersion;
  }

  /** Of a page nothing is left once it is read, or each would lie in memory beside the next. */
  private async page(listed: Set<string>, next?: string): Promise<ListBody['metadata']> {
    const { path, labelSelector, onChange } = this.resource;
    const query = { labelSelector, limit: PAGE, continue: next };
    const answer = await this.api.call('GET', path, { query, timeoutMs: LIST_TIMEOUT_MS });
    if (answer.status === 410) throw new Expired();
    if (answer.status !== 200) throw new Error(reasonOf(answer));
    const { items, metadata } = answer.body as ListBody;
    for (const object of items) {
      listed.add(object.metadata.name);
      onChange(object.metadata.name, object);
    }
    return metadata;
  }

  /** @returns the version to go on from, once the watch ends as it does @throws what ended it otherwise */
  private async watch(from: string): Promise<string> {
    let version = from;
    let expired = false;
    let over = false;
    const query = {
      labelSelector: this.resource.labelSelector,
      resourceVersion: from,
      allowWatchBookmarks: true,
      timeoutSeconds: WATCH_SECONDS,
    };
    const { signal } = this.ended;
    let request: AbortController | undefined;
    const abort = () => request?.abort();
    // A server that is gone without a word ends nothing.
    const overdue = setTimeout(abort, (WATCH_SECONDS + 30) * 1000);
    signal.addEventListener('abort', abort, { once: true });
    try {
      await new Promise<void>((resolve, reject) => {
        const onEvent = (type: string, object: KubernetesObject & { code?: number; message?: string }) => {
          if (type === 'ERROR') {
            expired = object.code === 410;
            if (!expired) reject(new Error(object.message ?? 'the watch ended with an error'));
            abort();
            return;
          }
          version = object.metadata.resourceVersion ?? version;
          if (type !== 'BOOKMARK') this.take(type, object);
        };
        const done = (error: (Error & { statusCode?: number }) | null) => {
          if (error?.statusCode === 410) expired = true;
          if (error && !expired && error.name !== 'AbortError') reject(error);
          else resolve();
        };
        new Watch(this.config).watch(this.resource.path, query, onEvent, done).then((controller) => {
          request = controller;
          if (signal.aborted) abort();
          else this.isWatching = !over;
        }, reject);
      });
    } finally {
      over = true;
      clearTimeout(overdue);
      signal.removeEventListener('abort', abort);
      this.isWatching = false;
    }
    if (expired) throw new Expired();
    return version;
  }

  private take(type: string, object: KubernetesObject): void {
    const { name } = object.metadata;
    if (type === 'DELETED') this.names.delete(name);
    else this.names.add(name);
    this.resource.onChange(name, type === 'DELETED' ? undefined : object);
  }
}

interface ListBody {
  readonly items: readonly KubernetesObject[];
  readonly metadata: { readonly resourceVersion: string; readonly continue?: string };
}

/** 0.5, 1, 2 … 15 s, each up to a fifth shorter: managers that were started together don't come back together. */
const waitMs = (failures: number) => Math.min(250 * 2 ** failures, LONGEST_WAIT_MS) * (1 - Math.random() / 5);
