import type { ServerResponse } from 'node:http';
import { Form, shown } from './form';
import { numberOf } from './list';
import { ApiObject } from './objects';
import { apiVersionOf, Resource } from './resources';
import { Matcher, matcherOf } from './selectors';
import { expired, failureStatus, Refusal } from './status';
import type { Change, Store } from './store';

const LONGEST_SECONDS = 1800;

/** The watches that are open. */
export class Watches {
  private readonly open = new Set<Watch>();

  constructor(
    private readonly store: Store,
    private readonly bookmarkMs: number,
  ) {}

  get count(): number {
    return this.open.size;
  }

  /** @throws Refusal before anything is answered */
  start(resource: Resource, namespace: string, query: URLSearchParams, form: Form, response: ServerResponse): void {
    const version = versionOf(query.get('resourceVersion'));
    const options = {
      namespace,
      matches: matcherOf(resource, query),
      form,
      seconds: numberOf(query.get('timeoutSeconds')) || LONGEST_SECONDS,
      bookmarkMs: ['true', '1'].includes(query.get('allowWatchBookmarks') ?? '') ? this.bookmarkMs : undefined,
    };
    const watch = new Watch(this.store, resource, options, response);
    this.open.add(watch);
    response.once('close', () => this.open.delete(watch));
    watch.start(version);
  }

  /** Ends all of them: as their time does, or as a server does that dies. */
  break(how: 'end' | 'destroy'): void {
    for (const watch of [...this.open]) watch.stop(how);
  }
}

interface Options {
  readonly namespace: string;
  readonly matches: Matcher;
  readonly form: Form;
  readonly seconds: number;
  /** Undefined: none are wanted. */
  readonly bookmarkMs: number | undefined;
}

class Watch {
  private readonly timers: NodeJS.Timeout[] = [];

  constructor(
    private readonly store: Store,
    private readonly resource: Resource,
    private readonly options: Options,
    private readonly response: ServerResponse,
  ) {}

  start(version: number): void {
    const { response, store, resource } = this;
    const { seconds, bookmarkMs } = this.options;
    response.writeHead(200, { 'content-type': 'application/json', 'cache-control': 'no-cache, private' });
    response.flushHeaders();
    const history = store.historyOf(resource);
    // The real server finds this in its cache of recent changes, after it has answered 200: so it is an event. Where it
    // has to ask etcd (kinds without such a cache), it is one as well.
    if (version > 0 && version < history.oldest) return this.tooOld(version, history.oldest);
    if (version === 0) this.begin();
    else for (const change of history.after(version)) this.take(change);
    const stopListening = history.listen((change) => change.version > version && this.take(change));
    this.timers.push(setTimeout(() => this.stop('end'), seconds * 1000));
    if (bookmarkMs !== undefined) this.timers.push(setInterval(() => this.bookmark(), bookmarkMs));
    response.once('close', () => {
      stopListening();
      for (const timer of this.timers) clearTimeout(timer);
    });
  }

  stop(how: 'end' | 'destroy'): void {
    if (how === 'destroy') {
      this.response.destroy();
      return;
    }
    if (this.options.bookmarkMs !== undefined && !this.response.writableEnded) this.bookmark();
    this.response.end();
  }

  /** Without a version, everything that is there comes as added. */
  private begin(): void {
    const { namespace, matches, form, bookmarkMs } = this.options;
    for (const object of this.store.all(this.resource, namespace)) {
      if (matches(object)) this.response.write(frame('ADDED', shown(object, form)));
    }
    if (bookmarkMs !== undefined) this.bookmark({ 'k8s.io/initial-events-end': 'true' });
  }

  private take(change: Change): void {
    const { namespace, matches, form } = this.options;
    const { before, object } = change;
    if (namespace && object.metadata.namespace !== namespace) return;
    const was = before !== undefined && matches(before);
    const is = change.type !== 'DELETED' && matches(object);
    // One whose time is over still listens until its connection is closed.
    if ((!was && !is) || this.response.writableEnded) return;
    this.response.write(frameOf(change, is ? (was ? 'MODIFIED' : 'ADDED') : 'DELETED', form));
  }

  private bookmark(annotations?: object): void {
    const { kind } = this.resource;
    const metadata = { resourceVersion: String(this.store.version), ...(annotations ? { annotations } : {}) };
    this.response.write(frame('BOOKMARK', { kind, apiVersion: apiVersionOf(this.resource), metadata }));
  }

  private tooOld(version: number, oldest: number): void {
    const { failure } = expired(`too old resource version: ${version} (${oldest})`);
    this.response.end(frame('ERROR', failureStatus(failure)));
  }
}

/**
 * Each change is turned into text once, however many watch it. Only the newest is kept: all who watch are told at once,
 * and the texts of a history would be most of the memory.
 */
const newest: { change?: Change; frames: Map<string, Buffer> } = { frames: new Map() };

function frameOf(change: Change, type: Change['type'], form: Form): Buffer {
  if (newest.change !== change) {
    newest.change = change;
    newest.frames = new Map();
  }
  const key = `${type} ${form}`;
  let text = newest.frames.get(key);
  if (!text) {
    text = frame(type, shown(type === 'DELETED' ? leaving(change) : change.object, form));
    newest.frames.set(key, text);
  }
  return text;
}

/** What leaves a selection is shown as it was while it belonged, with the version of the change. */
function leaving({ type, before, object }: Change): ApiObject {
  if (type === 'DELETED' || !before) return object;
  return { ...before, metadata: { ...before.metadata, resourceVersion: object.metadata.resourceVersion } };
}

const frame = (type: string, object: object) => Buffer.from(`${JSON.stringify({ type, object })}\n`);

function versionOf(text: string | null): number {
  if (!text) return 0;
  if (/^\d+$/.test(text)) return Number(text);
  const problem = `strconv.ParseUint: parsing "${text}": invalid syntax`;
  throw new Refusal({ code: 500, message: `resourceVersion: Invalid value: "${text}": ${problem}` });
}
