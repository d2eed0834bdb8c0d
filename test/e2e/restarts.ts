import { applyAndWait } from './applying';
import { Change, CHANGES, SERVICE } from './changes';
import { eventually } from './cluster';
import { documentedTable, removalOfUndeclared } from './documented';
import { Load, nothingIsLostOrDoubled } from './load';
import { measured } from './manager';
import { isAsItWas } from './outage';
import { Pulse } from './pulse';
import { callOf, Neighbour } from './requests';
import { cells, Comings, Running, verbOf, whatRuns } from './running';
import type { Scenario } from './scenario';

const TABLE = documentedTable('What a change restarts');

/**
 * One change after the other is applied while files come, and a warm service is called that none of them is made to. What each starts,
 * ends and restarts is what the documentation says, cell by cell; no upload is refused but by a store that is changed; no file of a service
 * that stays is lost, or processed twice; and each call is answered.
 */
export function changesRestartWhatIsDocumented(scenario: Scenario, neighbour: Neighbour): void {
  const { cluster } = scenario;
  let load: Load | undefined;
  let calls: Pulse | undefined;
  let comings: Comings | undefined;
  let running: Running;
  let uploads = 0;

  // A change that failed leaves them running.
  afterAll(async () => {
    await Promise.all([load?.stop(), calls?.stop()]).catch(() => {});
    await comings?.close();
  });

  scenario.step('every change that is documented is tried', async () => {
    expect(CHANGES.map(({ name }) => name).sort()).toEqual([...TABLE.keys()].sort());
    const call = await callOf(cluster, neighbour);
    // It may sleep.
    await call();
    load = await Load.on(cluster);
    calls = new Pulse(`${neighbour.service} answers a call`, 1_000, call);
    comings = await Comings.watched();
    running = await whatRuns(cluster);
    comings.looked(running);
  });

  const made: Change[] = [];
  for (const change of CHANGES) {
    const step = change.needs ? scenario.machineStep : scenario.step;
    step(
      `${change.name}, while files come: what restarts is what is documented`,
      async () => {
        await change.needs?.(cluster);
        made.push(change);
        const version = `1.${made.length}.0`;
        const layers = [...made.map(({ layer = {} }) => layer), { version }];
        const isOfNextRelease = made.some(({ isNextRelease }) => isNextRelease);
        const folder = await (isOfNextRelease ? scenario.ofNextRelease(...layers) : scenario.laidOver(...layers));
        const began = performance.now();
        const moment = new Date().toISOString();
        const log = await applyAndWait(cluster, folder);
        if (change.removes) await cluster.kubectl(...removalOfUndeclared('e2e', version));
        running = await eventually('what it starts, ends and restarts is as documented', 60, async () => {
          const came = comings!.untilNow();
          const now = await whatRuns(cluster);
          expect(cells(SERVICE, running, now, comings!.passed(came, now))).toEqual(documented(change));
          return now;
        });
        comings!.looked(running);
        measured('until it held', began);
        // What it refuses from now on, it refuses by the next change.
        if (change.isOfStore) await isAsItWas(cluster);
        const told = load!.tell(uploads);
        uploads = told.sent;
        // An upload may have been refused during the change before, and taken since.
        const meanwhile = told.refusals.filter((refusal) => refusal > moment);
        if (!change.isOfStore) expect(meanwhile).toEqual([]);
        expect(calls!.tell('meanwhile')).toBeGreaterThan(0);
        await change.holds?.(cluster, log);
      },
      600,
    );
  }

  scenario.step(
    'of what was uploaded meanwhile nothing is lost or doubled, and each call was answered',
    async () => {
      await calls!.stop();
      const sent = await load!.stop();
      load!.tell();
      expect(sent.length).toBeGreaterThan(CHANGES.length);
      await nothingIsLostOrDoubled(scenario, sent);
    },
    600,
  );
}

/**
 * The row of a change. What keeps images on the nodes has no column: as it runs the supervisor, a release restarts it. The
 * service that is changed has none.
 */
function documented({ name, isNextRelease }: Change): object {
  return { ...TABLE.get(name), ...(isNextRelease ? { prefetch: 'restart' } : {}) };
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
