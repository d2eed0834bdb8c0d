import { applyAndWait } from './applying';
import { CHANGES, SERVICE } from './changes';
import { Cluster, eventually } from './cluster';
import { documentedTable, removalOfUndeclared } from './documented';
import { Load, nothingIsLostOrDoubled } from './load';
import { measured } from './manager';
import { isOfJob, KubernetesObject, Pod, restartsOf } from './objects';
import type { Scenario } from './scenario';
import { EVERY_SERVICE, PLATFORM, SERVICES } from './steps';

const TABLE = documentedTable('What a change restarts');
/** Of the supervisor another test tells. */
const ELSEWHERE = ["supervisor's version"];

/** Pods by who they are: each with how often it was started. */
type Running = ReadonlyMap<string, ReadonlySet<string>>;

/**
 * One change after the other is applied while files come. What each starts, ends and restarts is what the documentation says, cell by
 * cell, and no file of a service that stays is lost, or processed twice.
 */
export function changesRestartWhatIsDocumented(scenario: Scenario): void {
  const { cluster } = scenario;
  let load: Load | undefined;
  let running: Running;
  let uploads = 0;

  // A change that failed leaves it running.
  afterAll(async () => void (await load?.stop().catch(() => {})));

  scenario.step('every change that is documented is tried', async () => {
    expect([...CHANGES.map(({ name }) => name), ...ELSEWHERE].sort()).toEqual([...TABLE.keys()].sort());
    load = await Load.on(cluster);
    running = await whatRuns(cluster);
  });

  CHANGES.forEach((change, index) =>
    scenario.step(
      `${change.name}, while files come: what restarts is what is documented`,
      async () => {
        const version = `1.${index + 1}.0`;
        const layers = CHANGES.slice(0, index + 1).map(({ layer }) => layer);
        const folder = await scenario.laidOver(...layers, { version });
        const began = performance.now();
        const log = await applyAndWait(cluster, folder);
        if (change.removes) await cluster.kubectl(...removalOfUndeclared('e2e', version));
        running = await eventually('what it starts, ends and restarts is as documented', 60, async () => {
          const now = await whatRuns(cluster);
          expect(cells(running, now)).toEqual(TABLE.get(change.name));
          return now;
        });
        measured('until it held', began);
        uploads = load!.tell(uploads);
        await change.holds?.(cluster, log);
      },
      420,
    ),
  );

  scenario.step(
    'of what was uploaded meanwhile nothing is lost or doubled',
    async () => {
      const sent = await load!.stop();
      load!.tell();
      expect(sent.length).toBeGreaterThan(CHANGES.length);
      await nothingIsLostOrDoubled(scenario, sent);
    },
    600,
  );
}

/** Of one pod: what comes meanwhile waits for it. */
export function uploadsOutliveTheStoresRestart(scenario: Scenario): void {
  scenario.step(
    'the only pod of the store is replaced while files come: they wait, and nothing is lost or doubled',
    async () => {
      const { cluster } = scenario;
      const load = await Load.on(cluster);
      const before = (await whatRuns(cluster)).get('minio');
      const resources = { cpu: '90m', cpuLimit: '2' };
      const began = performance.now();
      await applyAndWait(cluster, await scenario.laidOver({ platform: { minio: { kind: 'standalone', resources } } }));
      expect(verbOf(before, (await whatRuns(cluster)).get('minio'))).toBe('restart');
      measured('until it was ready', began);
      const sent = await load.stop();
      load.tell();
      await nothingIsLostOrDoubled(scenario, sent);
    },
    600,
  );
}

/** What the table says, as it is seen. */
function cells(before: Running, after: Running): Record<string, string> {
  const verb = (who: string) => verbOf(before.get(who), after.get(who));
  const others = [...new Set([...before.keys(), ...after.keys()])].filter(
    (who) => who.startsWith('service/') && who !== `service/${SERVICE}`,
  );
  return {
    'its warm pods': verb(`service/${SERVICE}`),
    "other services'": others.map(verb).find((one) => one !== NOTHING) ?? NOTHING,
    manager: verb('manager'),
    MinIO: verb('minio'),
    provisioner: verb('provisioner') === NOTHING ? NOTHING : 'runs',
    installer: verb('supervisor-installer'),
  };
}

const NOTHING = '—';

function verbOf(before: ReadonlySet<string> = new Set(), after: ReadonlySet<string> = new Set()): string {
  if (before.size === 0) return after.size === 0 ? NOTHING : 'start';
  if (after.size === 0) return 'end';
  return [...before].every((pod) => after.has(pod)) ? NOTHING : 'restart';
}

async function whatRuns(cluster: Cluster): Promise<Running> {
  const pods = [
    ...(await cluster.list<Pod>('pods', '-n', PLATFORM)),
    ...(await cluster.list<Pod>('pods', '-n', SERVICES)),
  ].filter((pod) => !pod.metadata.deletionTimestamp && !isOfJob(pod));
  const running = new Map<string, Set<string>>();
  const add = (who: string, what: string) => running.set(who, (running.get(who) ?? new Set()).add(what));
  for (const pod of pods) add(whose(pod), `${pod.metadata.uid}, started ${restartsOf(pod)} times again`);
  const provisioners = await cluster.list('jobs', '-n', PLATFORM, '-l', 'app.kubernetes.io/component=provisioner');
  for (const { metadata } of provisioners) add('provisioner', metadata.uid!);
  return running;
}

function whose({ metadata: { labels = {} } }: KubernetesObject): string {
  const component = labels['app.kubernetes.io/component'];
  return component === 'service' ? `service/${labels[EVERY_SERVICE]}` : component;
}
