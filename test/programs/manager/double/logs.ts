import type { ServerResponse } from 'node:http';
import { numberOf } from './list';
import { ApiObject, PodSpec } from './objects';
import { PODS } from './resources';
import { badRequest, invalid } from './status';
import type { Store } from './store';
import { wrong } from './validation';

interface Line {
  readonly time: string;
  /** With its end. */
  readonly text: string;
}

interface Follower {
  append(line: Line): void;
  end(): void;
}

/** What a pod's containers wrote. */
class Log {
  readonly lines: Line[] = [];
  readonly followers = new Set<Follower>();
  isCleared = false;
}

const WAITING: Readonly<Record<string, string>> = {
  ErrImagePull: "image can't be pulled",
  ImagePullBackOff: 'trying and failing to pull image',
};
const FINAL = ['Succeeded', 'Failed'];

export class Logs {
  private readonly logs = new Map<string, Log>();

  constructor(private readonly store: Store) {}

  /** Adds a line. @param container the pod's first, by default */
  append(namespace: string, pod: string, text: string, container?: string): void {
    this.write(this.ofPod(namespace, pod, container), `${text}\n`);
  }

  /** Of a line that never ends, as of a container that is killed. */
  appendPart(namespace: string, pod: string, text: string): void {
    this.write(this.ofPod(namespace, pod), text);
  }

  /** Its container has ended, and Kubernetes doesn't tell so yet. */
  end(namespace: string, pod: string): void {
    for (const follower of this.ofPod(namespace, pod).followers) follower.end();
  }

  /** Its node has removed the container. */
  clear(namespace: string, pod: string): void {
    this.ofPod(namespace, pod).isCleared = true;
  }

  /** `pods/NAME/log` @throws Refusal */
  answer(namespace: string, name: string, query: URLSearchParams, response: ServerResponse): void {
    const pod = this.store.get(PODS, namespace, name);
    const tailLines = tailOf(name, query.get('tailLines'));
    const container = containerOf(pod, query.get('container'));
    const log = this.of(namespace, name, container);
    // The API server has no kubelet to ask.
    if (!(pod.spec as PodSpec).nodeName && log.lines.length === 0) {
      response.writeHead(204).end();
      return;
    }
    refuseWaiting(pod, container);
    if (log.isCleared) throw badRequest(`container "${container}" in pod "${name}" is not available`);
    const isTrue = (option: string) => ['true', '1'].includes(query.get(option) ?? '');
    const text = ({ time, text }: Line) => `${isTrue('timestamps') ? `${time} ` : ''}${text}`;
    response.writeHead(200, { 'content-type': 'text/plain' });
    response.flushHeaders();
    const lines = tailLines === undefined ? log.lines : log.lines.slice(Math.max(0, log.lines.length - tailLines));
    for (const line of lines) response.write(text(line));
    if (!isTrue('follow') || isOver(pod)) response.end();
    else this.follow(pod, log, { append: (line) => response.write(text(line)), end: () => response.end() }, response);
  }

  private write(log: Log, text: string): void {
    // A container's runtime counts nanoseconds.
    const line = { time: new Date().toISOString().replace('Z', '000000Z'), text };
    log.lines.push(line);
    for (const follower of log.followers) follower.append(line);
  }

  /** Until the pod is over, or gone. */
  private follow({ metadata: { uid } }: ApiObject, log: Log, follower: Follower, response: ServerResponse): void {
    log.followers.add(follower);
    const stop = this.store.historyOf(PODS).listen(({ type, object }) => {
      if (object.metadata.uid === uid && (type === 'DELETED' || isOver(object))) follower.end();
    });
    response.once('close', () => {
      log.followers.delete(follower);
      stop();
    });
  }

  private ofPod(namespace: string, pod: string, container?: string): Log {
    return this.of(namespace, pod, container ?? containersOf(this.store.get(PODS, namespace, pod))[0]);
  }

  private of(namespace: string, pod: string, container: string): Log {
    const key = `${namespace}/${pod}/${container}`;
    const log = this.logs.get(key) ?? new Log();
    this.logs.set(key, log);
    return log;
  }
}

interface PodStatus {
  readonly phase?: string;
  readonly containerStatuses?: readonly {
    readonly name: string;
    readonly state?: { readonly waiting?: { readonly reason?: string } };
  }[];
}

const isOver = ({ status }: ApiObject) => FINAL.includes((status as PodStatus | undefined)?.phase ?? '');

const containersOf = ({ spec }: ApiObject) => ((spec as PodSpec).containers ?? []).map(({ name }) => name ?? '');

function containerOf(pod: ApiObject, wanted: string | null): string {
  const containers = containersOf(pod);
  const { name } = pod.metadata;
  if (wanted) {
    if (!containers.includes(wanted)) throw badRequest(`container ${wanted} is not valid for pod ${name}`);
    return wanted;
  }
  if (containers.length === 1) return containers[0];
  throw badRequest(`a container name must be specified for pod ${name}, choose one of: [${containers.join(' ')}]`);
}

/** As the kubelet says it. */
function refuseWaiting({ metadata: { name }, status }: ApiObject, container: string): void {
  const statuses = (status as PodStatus | undefined)?.containerStatuses;
  const { waiting } = statuses?.find((of) => of.name === container)?.state ?? {};
  if (!waiting) return;
  const reason = WAITING[waiting.reason ?? ''] ?? waiting.reason ?? '';
  throw badRequest(`container "${container}" in pod "${name}" is waiting to start: ${reason}`);
}

function tailOf(pod: string, text: string | null): number | undefined {
  if (text === null) return undefined;
  const lines = numberOf(text);
  if (!text.startsWith('-')) return lines;
  const cause = wrong('tailLines', Number(text), 'must be greater than or equal to 0');
  throw invalid({ group: '' }, 'PodLogOptions', pod, [cause]);
}
