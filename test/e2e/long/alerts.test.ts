import { setTimeout as sleep } from 'node:timers/promises';
import { Cause, Given, LATE, STAGES } from '../alert-causes';
import { Cluster, eventually } from '../cluster';
import { Drives } from '../drives';
import { Manager } from '../manager';
import { Alert, Monitoring } from '../monitoring';
import { theManagerAnswers } from '../outage';
import { lookedAtFirst, typedAsDocumented } from '../procedures';
import { theStoreIsProvisioned } from '../provisioning';
import { scenario } from '../scenario';
import { PLATFORM, thePlatformIsReady } from '../steps';
import { Store } from '../store';

/** Five minutes of a rule are five seconds: all is told that takes twenty minutes and more. */
const FACTOR = 60;
/** Of two managers, of the store's two endpoints, and of Kubernetes' objects. */
const SCRAPED_JOBS = 4;
/** Longer than any alert of those is pending that look at what is there now. */
const QUIET_SECONDS = 30;
const FIRING_SECONDS = 150;
/** Four looks at each target, as Grafana has it. */
const RATE_INTERVAL = '4s';
const PODS_OF_THE_STORE = 4;
/** MinIO tells how often it failed once it has: none of the causes makes it. */
const MAY_BE_EMPTY = /minio_s3_requests_5xx_errors_total/;

/** When alerts fired, and what they said. */
class Told {
  private readonly firing = new Map<string, readonly Alert[]>();
  /** Everything that was told of, if it fires by now or not. */
  readonly names = new Set<string>();

  readonly take = (alerts: readonly Alert[]): void => {
    for (const { labels } of alerts) this.names.add(labels.alertname);
    for (const { labels, state } of alerts) {
      const { alertname } = labels;
      if (state === 'firing' && !this.firing.has(alertname))
        this.firing.set(
          alertname,
          alerts.filter((alert) => alert.state === 'firing' && alert.labels.alertname === alertname),
        );
    }
  };

  of(name: string): readonly Alert[] {
    const alerts = this.firing.get(name);
    if (!alerts) throw new Error(`${name} doesn't fire`);
    return alerts;
  }

  get fired(): string[] {
    return [...this.firing.keys()].sort();
  }
}

const namesOf = (causes: readonly Cause[]) => causes.flatMap(({ alerts }) => alerts);

// Each alert once, by what it is there for: Prometheus and kube-state-metrics look at a platform, whose parts are taken away.
scenario('alerts', (given) => {
  const { cluster } = given;
  const drives = new Drives(cluster);
  const told = new Told();
  let monitoring: Monitoring | undefined;

  afterAll(async () => {
    await monitoring?.end();
    await drives.unmount();
  }, 120_000);

  given.step('applied, on drives that can be filled', async () => {
    if (!cluster.machines.areAtHand)
      throw new Error('OSCAR_CLUSTER names no command that could mount a drive on a node');
    await drives.make(PODS_OF_THE_STORE, 'alerts');
    await cluster.kubectl('apply', '--server-side', '-f', given.folder);
  });

  given.step('each alert has a cause', async () => {
    const groups = await Monitoring.groups(cluster);
    const alerts = groups.flatMap(({ rules }) => rules.map(({ alert }) => alert));
    expect(namesOf(STAGES.flat()).sort()).toEqual(alerts.sort());
  });

  thePlatformIsReady(given);
  theManagerAnswers(given);
  theStoreIsProvisioned(given);

  given.step('Prometheus sees every part of it', async () => {
    monitoring = await Monitoring.start(cluster, FACTOR);
    await monitoring.isReady(SCRAPED_JOBS);
    // Before anybody looks: for a moment, of which these rules make a quarter of an hour, a pod that is woken isn't ready.
    await areAnswered(5);
    // A store that has just started tells for a minute of drives that were not there yet.
    await eventually('no alert is near', 120, async () => expect(await monitoring!.alerts()).toEqual([]));
    monitoring.watch(told.take);
  });

  given.step('while all is well and files are processed, no alert is near', async () => {
    const store = await Store.of(cluster);
    const end = sleep(QUIET_SECONDS * 1000);
    for (let file = 0; file < 5; file++) await store.put(`uploads/in/well-${file}`, `${file}`);
    await areProcessed(store, 'well', 5);
    await end;
    expect([...told.names]).toEqual([]);
  });

  for (const [index, causes] of STAGES.entries())
    given.step(
      `told of: ${causes.map(({ title }) => title).join('; ')}`,
      async () => {
        const expected = namesOf(STAGES.slice(0, index + 1).flat());
        await areTold(causes, { scenario: given, cluster, store: await Store.of(cluster), factor: FACTOR });
        expect(expected).toEqual(expect.arrayContaining(told.fired));
        // When the manager is there, and has complained.
        if (index === 1) await lookedAtFirst(cluster);
      },
      600,
    );

  given.step(
    'no alert fires any longer, and no file is lost',
    async () => {
      await areProcessed(await Store.of(cluster), 'late', LATE);
      await eventually('none fires', 240, async () => {
        const firing = (await monitoring!.alerts()).filter(({ state }) => state === 'firing');
        expect(firing.map(({ labels }) => labels)).toEqual([]);
      });
    },
    480,
  );

  given.step(
    'each graph of the dashboard has had something to show',
    // That of the sweep, as soon as one has come by its schedule.
    () =>
      eventually('each graph', 330, async () => {
        const empty: string[] = [];
        for (const { title, expr } of await graphs(cluster))
          if (!MAY_BE_EMPTY.test(expr) && !(await monitoring!.hadValue(expr, 20))) empty.push(`${title}: ${expr}`);
        expect(empty).toEqual([]);
      }),
    360,
  );

  async function areProcessed(store: Store, name: string, count: number): Promise<void> {
    const expected = Array.from({ length: count }, (_, file) => `${name}-${file}.md5`).sort();
    await eventually('there are results', 200, async () => {
      const results = await store.list('uploads/out');
      expect(results.filter((result) => result.startsWith(`${name}-`))).toEqual(expected);
    });
  }

  /** One after the other: a rate is seen between two looks. */
  async function areAnswered(calls: number): Promise<void> {
    const manager = await Manager.of(cluster);
    const call = { as: await manager.tokenOf('checksum'), contentType: 'application/octet-stream', body: 'a call' };
    for (; calls > 0; calls--, await sleep(1_000))
      expect((await manager.call('POST', '/run/checksum', call)).status).toBe(200);
  }

  /** All at the same time, each with those after it, and then one after the other no longer. */
  async function areTold(causes: readonly Cause[], world: Omit<Given, 'told'>): Promise<void> {
    const [cause, ...others] = causes;
    if (!cause) return;
    const began = performance.now();
    const shown = new Set<string>();
    const waitFor = async (alert: string) => {
      const alerts = await eventually(alert, FIRING_SECONDS, async () => told.of(alert));
      if (shown.has(alert)) return;
      shown.add(alert);
      for (const { labels, annotations } of alerts) show(labels, annotations, began);
      const typed = await typedAsDocumented(cluster, world.store, alerts[0]);
      process.stderr.write(`        ${typed} commands of its procedure were typed\n`);
    };
    await cause.during({ ...world, told: waitFor }, async () => {
      await Promise.all([areTold(others, world), ...cause.alerts.map(waitFor)]);
    });
  }
});

interface Panel {
  readonly title: string;
  readonly targets?: readonly { readonly expr: string }[];
}

/** Each expression of the dashboard, as Grafana would ask. */
async function graphs(cluster: Cluster): Promise<{ title: string; expr: string }[]> {
  const map = await cluster.get<{ data: Record<string, string> }>('configmap', '-n', PLATFORM, 'oscar-dashboard');
  const { panels } = JSON.parse(Object.values(map.data)[0]) as { panels: Panel[] };
  return panels.flatMap(({ title, targets = [] }) =>
    targets.map(({ expr }) => ({ title, expr: expr.replaceAll('$__rate_interval', RATE_INTERVAL) })),
  );
}

function show(
  { alertname, ...labels }: Alert['labels'],
  { summary, description }: Alert['annotations'],
  began: number,
) {
  const seconds = ((performance.now() - began) / 1000).toFixed(0);
  process.stderr.write(`      ${alertname} after ${seconds} s: ${summary} ${description}\n`);
  process.stderr.write(`        ${JSON.stringify(labels)}\n`);
}
