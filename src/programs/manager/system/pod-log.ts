import type { IncomingMessage } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { SERVICE_CONTAINER_NAME } from '../../../contract';
import { HttpError } from '../http/answer';
import type { Exchange } from '../http/route';
import { Answer, Call, KubernetesApi } from '../kubernetes/api';
import type { Pod } from '../kubernetes/objects';
import { isOver, whyItFailed } from './pod-end';
import { read, refusalOf } from './read';

const NEWLINE = 0x0a;
/** Longest answer that is read to tell why there is no log. */
const REFUSAL_BYTES = 16 * 1024;

type Api = Pick<KubernetesApi, 'call' | 'stream'>;

export async function newestPod(api: Api, namespace: string, labelSelector: string): Promise<Pod | undefined> {
  const made = ({ metadata }: Pod) => metadata.creationTimestamp ?? '';
  return (await podsOf(api, namespace, labelSelector)).reduce<Pod | undefined>(
    (newest, pod) => (newest && made(newest) > made(pod) ? newest : pod),
    undefined,
  );
}

export async function podsOf(api: Api, namespace: string, labelSelector: string): Promise<readonly Pod[]> {
  const list = await read<{ items: Pod[] }>(api, `/api/v1/namespaces/${namespace}/pods`, { labelSelector });
  return list?.items ?? [];
}

/**
 * The log of a pod's container as it comes.
 * @throws HttpError 404, which says why there is none
 */
export async function openLog(
  api: Api,
  namespace: string,
  pod: Pod,
  query: Call['query'],
  signal: AbortSignal,
): Promise<IncomingMessage> {
  const waits = isOver(pod) ? undefined : whyWaiting(pod);
  if (waits) throw new HttpError(404, `There is no log yet: ${waits}`);
  const path = `/api/v1/namespaces/${namespace}/pods/${pod.metadata.name}/log`;
  const answer = await api.stream(
    path,
    { accept: '*/*', query: { container: SERVICE_CONTAINER_NAME, ...query } },
    signal,
  );
  const status = answer.statusCode ?? 0;
  if (status === 200) return answer;
  if (status === 204) throw new HttpError(404, 'There is no log yet: the pod waits for a node.');
  const refusal: Answer = { status, body: await bodyOf(answer) };
  const { message } = (refusal.body ?? {}) as { message?: string };
  // 400: the container waits, or has begun a moment ago; of a pod that was evicted it is gone.
  if (status === 400 || status === 404) {
    const failed = whyItFailed(pod);
    const why = failed ? `the pod failed: ${failed}` : (message ?? 'the pod is gone');
    throw new HttpError(404, `There is no log: ${why}`);
  }
  throw refusalOf(refusal, `GET ${path}`);
}

/**
 * Passes a log on, no faster than the client takes it, until it ends or the client goes.
 * @param last tells what comes after its end
 */
export async function sendLog(
  log: IncomingMessage,
  { request, response, signal }: Exchange,
  last: () => Promise<string | undefined>,
): Promise<void> {
  response.writeHead(200, { 'content-type': 'text/plain; charset=utf-8' });
  if (request.method === 'HEAD') {
    log.destroy();
    response.end();
    return;
  }
  // A log that is followed may say nothing for long.
  response.flushHeaders();
  await pipeline(log, (lines: AsyncIterable<Buffer>) => withLast(lines, last), response).catch((error) => {
    if (!signal.aborted) throw error;
  });
}

async function* withLast(log: AsyncIterable<Buffer>, last: () => Promise<string | undefined>) {
  let end = NEWLINE;
  for await (const part of log) {
    end = part.at(-1) ?? end;
    yield part;
  }
  const line = await last();
  // Who was killed may have begun a line.
  if (line) yield end === NEWLINE ? line : `\n${line}`;
}

/** Why its container doesn't run, in the words of Kubernetes. */
function whyWaiting({ status = {} }: Pod): string | undefined {
  const container = status.containerStatuses?.find(({ name }) => name === SERVICE_CONTAINER_NAME);
  const waiting = container?.state?.waiting;
  // One that waits to be started again has a log.
  if (waiting?.reason && waiting.reason !== 'CrashLoopBackOff') return words(waiting);
  const scheduled = status.conditions?.find(({ type }) => type === 'PodScheduled');
  return !container && scheduled?.status === 'False' ? words(scheduled) : undefined;
}

const words = ({ reason, message }: { reason?: string; message?: string }) =>
  [reason, message].filter(Boolean).join(': ');

async function bodyOf(answer: IncomingMessage): Promise<unknown> {
  let text = '';
  answer.setEncoding('utf8');
  for await (const part of answer) {
    text += part;
    if (text.length > REFUSAL_BYTES) break;
  }
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
