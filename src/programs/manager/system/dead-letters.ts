import { DEAD_LETTER_REASON } from '../../../contract';
import { DEAD_LETTER_ANNOTATIONS } from '../events/dead-letters';
import { sendJson } from '../http/answer';
import type { Route } from '../http/route';
import type { KubernetesApi } from '../kubernetes/api';
import type { KubernetesObject } from '../kubernetes/objects';
import type { SystemOptions } from './options';
import { read } from './read';

/** An event that nobody could use, as it is shown. */
export interface ShownDeadLetter {
  readonly time: string;
  readonly problem: string;
  readonly bucket: string;
  readonly key: string;
  readonly event_name: string;
}

const SHOWN = 500;
const PAGE = 500;
/** Kubernetes lists by name: the newest may be anywhere, so all are read, but not without an end. */
const PAGES = 20;

interface EventList {
  readonly items: readonly (KubernetesObject & { lastTimestamp?: string; message?: string })[];
  readonly metadata: { readonly continue?: string };
}

export function deadLetterRoute({ api, settings }: SystemOptions): Route {
  return {
    method: 'GET',
    path: '/system/dead-letters',
    access: 'admin',
    handle: async ({ response }) =>
      sendJson(response, { dead_letters: await readDeadLetters(api, settings.namespace, SHOWN) }),
  };
}

/** Newest first. */
export async function readDeadLetters(
  api: Pick<KubernetesApi, 'call'>,
  namespace: string,
  limit: number,
): Promise<ShownDeadLetter[]> {
  const letters: ShownDeadLetter[] = [];
  let next: string | undefined;
  for (let page = 0; page === 0 || (next && page < PAGES); page++) {
    const query = { fieldSelector: `reason=${DEAD_LETTER_REASON}`, limit: PAGE, continue: next };
    const list = await read<EventList>(api, `/api/v1/namespaces/${namespace}/events`, query);
    letters.push(...(list?.items ?? []).map(shown));
    next = list?.metadata.continue;
  }
  return letters.sort((a, b) => (a.time < b.time ? 1 : a.time > b.time ? -1 : 0)).slice(0, limit);
}

function shown({ metadata, lastTimestamp, message = '' }: EventList['items'][number]): ShownDeadLetter {
  const { problem, bucket, key, eventName } = DEAD_LETTER_ANNOTATIONS;
  const {
    [problem]: why = message,
    [bucket]: in_ = '',
    [key]: of = '',
    [eventName]: event_name = '',
  } = metadata.annotations ?? {};
  return { time: lastTimestamp ?? metadata.creationTimestamp ?? '', problem: why, bucket: in_, key: of, event_name };
}
