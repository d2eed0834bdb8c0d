import type { IncomingMessage } from 'node:http';
import { KubernetesApi } from './api';
import type { KubernetesObject } from './objects';

export interface WatchEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR';
  /** Of an ERROR it is a Status. */
  readonly object: KubernetesObject & { readonly code?: number; readonly message?: string };
}

/** The server answered, and won't watch; or ended the watch with an error. */
export class WatchRefused extends Error {
  override readonly name = 'WatchRefused';

  constructor(
    readonly status: number,
    message = '',
  ) {
    super(`${status}${message ? `: ${message}` : ''}`);
  }
}

/** The server ends a watch after so long, and the next goes on where it stopped. */
const WATCH_SECONDS = 290;
/**
 * A server says something every minute or so (a bookmark), if only that there is nothing new. One that is gone without a
 * word says nothing for ever.
 */
const SILENCE_MS = 150_000;
const LONGEST_REFUSAL_BYTES = 64 * 1024;

/**
 * A watch's events, from when the server began to answer until it ends the watch.
 * @param version after which changes are told
 * @throws KubernetesUnreachable or another error when the connection breaks; WatchRefused
 */
export async function* watch(
  api: Pick<KubernetesApi, 'stream'>,
  path: string,
  labelSelector: string,
  version: string,
  signal: AbortSignal,
): AsyncGenerator<WatchEvent | 'begun', undefined> {
  const query = {
    labelSelector,
    resourceVersion: version,
    watch: 'true',
    allowWatchBookmarks: 'true',
    timeoutSeconds: WATCH_SECONDS,
  };
  const answer = await api.stream(path, { query }, signal);
  try {
    if (answer.statusCode !== 200) throw new WatchRefused(answer.statusCode ?? 0, await messageOf(answer));
    yield 'begun';
    answer.setTimeout(SILENCE_MS, () => answer.destroy(new Error(`nothing came for ${SILENCE_MS / 1000} s`)));
    for await (const line of linesOf(answer)) {
      const event = JSON.parse(line) as WatchEvent;
      if (event.type === 'ERROR') throw new WatchRefused(event.object.code ?? 0, event.object.message);
      yield event;
    }
  } finally {
    answer.destroy();
  }
}

async function* linesOf(answer: IncomingMessage): AsyncGenerator<string> {
  let rest = '';
  for await (const chunk of answer.setEncoding('utf8')) {
    const lines = (chunk as string).split('\n');
    lines[0] = rest + lines[0];
    rest = lines.pop()!;
    yield* lines.filter((line) => line !== '');
  }
}

async function messageOf(answer: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of answer.setEncoding('utf8')) {
    text += chunk as string;
    if (text.length > LONGEST_REFUSAL_BYTES) break;
  }
  try {
    return String((JSON.parse(text) as { message?: unknown }).message ?? '');
  } catch {
    return text.trim();
  }
}
