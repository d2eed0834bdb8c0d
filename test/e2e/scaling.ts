import { Cluster, eventually } from './cluster';
import { tellLatency } from './figures';
import { Manager, measured, Reply, replicasOf, sleeps, warmPodsOf } from './manager';
import { isReady } from './objects';
import type { Scenario } from './scenario';
import { SERVICES } from './steps';
import { Store } from './store';

/** "MEBIBYTES SECONDS", as `busy.sh` takes them: all the CPU that its pods may have, or next to none for a long time. */
const HARD = '64 0';
const LONG = '0 3';
/** Where `busy` leaves an object for each run. */
const RUNS = 'uploads/runs/';
/** A cluster's default: an autoscaler takes nothing away for five minutes after it last wanted more. */
const DOWN_SECONDS = 420;

/** `busy` sleeps, is called, and called no more: its pods are as many as its load asks for, and no call notices. */
export function podsAreAsManyAsTheLoadAsksFor(scenario: Scenario, most: number, idleSeconds: number): void {
  const title = `busy: from 0 to ${most} pods and back, and each of the calls meanwhile is answered, once`;
  scenario.step(title, () => upAndDown(scenario, most, idleSeconds), 300 + DOWN_SECONDS);
}

async function upAndDown({ cluster }: Scenario, most: number, idleSeconds: number): Promise<void> {
  const store = await Store.of(cluster);
  const calls = await Calls.to(cluster, 'busy');
  await sleeps(cluster, 'busy');
  await readyToScale(cluster);

  const began = performance.now();
  await calls.during(8, HARD, async () => {
    await eventually(`${most} pods are ready`, 240, async () => {
      const pods = await warmPodsOf(cluster, 'busy');
      expect(pods.filter(isReady)).toHaveLength(most);
    });
    measured(`busy: from 0 to ${most} pods`, began);
  });

  const hard = performance.now();
  await calls.during(3, LONG, async () => {
    await eventually('one pod is left', DOWN_SECONDS, async () => {
      expect(await warmPodsOf(cluster, 'busy')).toHaveLength(1);
    });
    measured('busy: back to one pod', hard);
  });
  const over = performance.now();
  expect(await replicasOf(cluster, 'busy')).toBe(1);
  await sleeps(cluster, 'busy');
  measured('busy: asleep after', over);
  expect(performance.now() - over).toBeGreaterThan((idleSeconds - 3) * 1000);
  await calls.wereAnsweredOnce(store);
}

/** @throws what an autoscaler would wait for in vain */
async function readyToScale(cluster: Cluster): Promise<void> {
  await cluster.kubectl('get', 'horizontalpodautoscaler', '-n', SERVICES, 'busy');
  const { code, output } = await cluster.tryKubectl('get', '--raw', '/apis/metrics.k8s.io/v1beta1/nodes');
  if (code !== 0) throw new Error(`nobody tells what pods use: the cluster needs a metrics server: ${output}`);
}

/** Calls of a service, each with an id of its own. */
class Calls {
  static async to(cluster: Cluster, service: string): Promise<Calls> {
    const manager = await Manager.of(cluster);
    return new Calls(manager, service, await manager.tokenOf(service));
  }

  /** By id. */
  private readonly answers = new Map<string, Reply>();
  private readonly took: number[] = [];
  /** No other calls have it. */
  private readonly name = Date.now();
  private next = 0;

  private constructor(
    private readonly manager: Manager,
    private readonly service: string,
    private readonly as: string,
  ) {}

  /** So many callers, each one call after the other, from now until `work` is done, and until they have their answers. */
  async during(callers: number, what: string, work: () => Promise<void>): Promise<void> {
    let isOver = false;
    const caller = async () => {
      while (!isOver) await this.call(what);
    };
    const called = Promise.all(Array.from({ length: callers }, caller));
    await Promise.all([called, work().finally(() => (isOver = true))]);
    tellLatency(`${callers} callers of "${what}"`, this.took.splice(0));
  }

  /** Each by its own id, and each has left the object of one run. */
  async wereAnsweredOnce(store: Store): Promise<void> {
    const ids = [...this.answers.keys()].sort();
    const wrong = ids.filter((id) => {
      const { status, text } = this.answers.get(id)!;
      return status !== 200 || Buffer.from(text, 'base64').toString() !== `answer ${id}\n`;
    });
    expect(wrong.map((id) => [id, this.answers.get(id)])).toEqual([]);
    const runs = (await store.list(RUNS)).filter((key) => key.startsWith(`${this.name}-`));
    expect(runs.map((key) => key.split('/')[0]).sort()).toEqual(ids);
  }

  private async call(what: string): Promise<void> {
    const id = `${this.name}-${this.next++}`;
    const began = performance.now();
    const call = { as: this.as, contentType: 'application/octet-stream', body: `${id} ${what}\n` };
    this.answers.set(id, await this.manager.call('POST', `/run/${this.service}`, call));
    this.took.push(performance.now() - began);
  }
}
