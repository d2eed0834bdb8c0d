import { ApiServer, WatchEvent } from './api-server';
import type { Cluster } from './cluster';
import { isOfJob, KubernetesObject, Pod, restartsOf } from './objects';
import { EVERY_SERVICE, PLATFORM, SERVICES } from './steps';

const NOTHING = '—';
/** Whose Jobs come and go with files, with time, and with what is declared (which has a column of its own). */
const OF_JOBS = ['job', 'sweep', 'provisioner'];
/** Those that have a column of their own, beside the services. */
const COLUMNS = ['manager', 'minio', 'provisioner', 'supervisor-installer'];

/** Who runs: each one's pods, with how often their containers were started again. Of the provisioner, its Jobs. */
export type Running = ReadonlyMap<string, Started>;
/** By uid. */
type Started = ReadonlyMap<string, number>;

export async function whatRuns(cluster: Cluster): Promise<Running> {
  const pods = [
    ...(await cluster.list<Pod>('pods', '-n', PLATFORM)),
    ...(await cluster.list<Pod>('pods', '-n', SERVICES)),
  ].filter((pod) => !pod.metadata.deletionTimestamp && !comesAndGoes(pod));
  const running = new Map<string, Map<string, number>>();
  const add = (who: string, { metadata }: KubernetesObject, restarts: number) =>
    running.set(who, (running.get(who) ?? new Map<string, number>()).set(metadata.uid!, restarts));
  for (const pod of pods) add(whose(pod), pod, restartsOf(pod));
  const provisioners = await cluster.list('jobs', '-n', PLATFORM, '-l', 'app.kubernetes.io/component=provisioner');
  for (const job of provisioners) add('provisioner', job, 0);
  return running;
}

/**
 * The cells of a row of «What a change restarts», as they are seen; and one more for each that has no column, but isn't as
 * it was.
 * @param service that is changed
 * @param passed whose pods came and went again between the two looks
 */
export function cells(
  service: string,
  before: Running,
  after: Running,
  passed: ReadonlySet<string>,
): Record<string, string> {
  const verb = (who: string) => verbOf(before.get(who), after.get(who)) + (passed.has(who) ? ', more than once' : '');
  const all = [...new Set([...before.keys(), ...after.keys(), ...passed])];
  const others = all.filter((who) => who.startsWith('service/') && who !== `service/${service}`);
  const withoutColumn = all.filter((who) => !who.startsWith('service/') && !COLUMNS.includes(who));
  const changed = withoutColumn.map((who) => [who, verb(who)]).filter(([, what]) => what !== NOTHING);
  return {
    'its warm pods': verb(`service/${service}`),
    "other services'": [...new Set(others.map(verb))].join(' and '),
    manager: verb('manager'),
    MinIO: verb('minio'),
    provisioner: verb('provisioner') === NOTHING ? NOTHING : 'runs',
    installer: verb('supervisor-installer'),
    ...Object.fromEntries(changed),
  };
}

export function verbOf(before: Started = new Map(), after: Started = new Map()): string {
  if (before.size === 0) return after.size === 0 ? NOTHING : 'start';
  if (after.size === 0) return 'end';
  return [...before].every(([uid, restarts]) => after.get(uid) === restarts) ? NOTHING : 'restart';
}

/** Follows pods change by change: who comes and goes between two looks is seen by neither. */
export class Comings {
  static async watched(): Promise<Comings> {
    return new Comings(await ApiServer.open());
  }

  /** Whose pod has each uid. */
  private readonly came = new Map<string, string>();
  /** Those that were there when somebody looked. */
  private readonly stayed = new Set<string>();
  private readonly over = new AbortController();
  private readonly watched: Promise<unknown>;
  private problem?: Error;

  private constructor(private readonly api: ApiServer) {
    const onEvent = ({ type, object }: WatchEvent<Pod>) => {
      if (type === 'ADDED' && !object.metadata.deletionTimestamp && !comesAndGoes(object))
        this.came.set(object.metadata.uid!, whose(object));
    };
    const watch = (namespace: string) => api.watch(`/api/v1/namespaces/${namespace}/pods`, onEvent, this.over.signal);
    this.watched = Promise.all([PLATFORM, SERVICES].map(watch)).catch((error: Error) => (this.problem = error));
  }

  /** @returns what came until now @throws when it was not followed */
  untilNow(): ReadonlyMap<string, string> {
    if (this.problem) throw this.problem;
    return new Map(this.came);
  }

  /** Of those that `came` before the look: who is neither there nor was when somebody looked before. */
  passed(came: ReadonlyMap<string, string>, running: Running): ReadonlySet<string> {
    const there = new Set([...running.values()].flatMap((pods) => [...pods.keys()]));
    return new Set([...came].filter(([uid]) => !there.has(uid) && !this.stayed.has(uid)).map(([, who]) => who));
  }

  /** From here on these are known. */
  looked(running: Running): void {
    for (const pods of running.values()) for (const uid of pods.keys()) this.stayed.add(uid);
  }

  async close(): Promise<void> {
    this.over.abort();
    await this.watched;
    this.api.close();
  }
}

function whose({ metadata: { labels = {} } }: KubernetesObject): string {
  const component = labels['app.kubernetes.io/component'];
  return component === 'service' ? `service/${labels[EVERY_SERVICE]}` : (component ?? 'of nobody');
}

const comesAndGoes = (pod: Pod) => isOfJob(pod) && OF_JOBS.includes(whose(pod));
