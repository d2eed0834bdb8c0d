import { DEAD_LETTER_REASON } from '../../src/contract';
import { Cluster, eventually } from './cluster';
import { frame } from './examples';
import { jobsOf, objectOf, Upload } from './jobs';
import { kill, Manager, managerPods, measured } from './manager';
import { isReady, KubernetesObject, restartsOf } from './objects';
import { managerAnswers } from './outage';
import type { Scenario } from './scenario';
import { PLATFORM } from './steps';
import { Store } from './store';

interface Event extends KubernetesObject {
  readonly message: string;
  readonly type: string;
  readonly involvedObject: { readonly kind: string; readonly name: string };
}

/** What the store holds back while nobody takes it is neither lost nor done twice. */
export function uploadsOutliveTheManager(scenario: Scenario): void {
  scenario.step('20 files are uploaded while the manager is killed: each has its Job, and one only', async () => {
    const { cluster } = scenario;
    const uploads = framesNamed('killed', 20);
    const store = await Store.of(cluster);
    const killed = new Set<string>();
    for (const [index, { path, content }] of uploads.entries()) {
      await store.put(path, content);
      if (index % 8 !== 4) continue;
      for (const pod of await managerPods(cluster)) {
        await kill(cluster, pod);
        killed.add(pod.metadata.name);
      }
    }
    expect(killed.size).toBeGreaterThanOrEqual(2);
    const began = performance.now();
    await haveOneJobEach(cluster, uploads);
    measured('from the last upload to the last Job', began);
  });
}

/** Either of two takes events and requests: the end of one is no more than a moment's. */
export function oneOfTwoManagersIsEnough(scenario: Scenario): void {
  scenario.step('one of two managers is killed: the other takes events and requests', async () => {
    const { cluster } = scenario;
    const store = await Store.of(cluster);
    const uploads = framesNamed('one of two', 10);
    const [one, other] = await eventually('two managers are ready', 60, async () => {
      const ready = (await managerPods(cluster)).filter(isReady);
      expect(ready).toHaveLength(2);
      return ready;
    });
    for (const [index, { path, content }] of uploads.entries()) {
      if (index === 5) await kill(cluster, one);
      await store.put(path, content);
    }
    const killed = performance.now();
    // Until each node knows of its end, the Service sends calls to the killed one as well: each of them waits in vain.
    await eventually('the other answers', 15, () => managerAnswers(cluster));
    measured('until the other answered', killed);
    await haveOneJobEach(cluster, uploads);
    const survivor = (await managerPods(cluster)).find(({ metadata }) => metadata.name === other.metadata.name);
    expect(survivor && isReady(survivor)).toBe(true);
    expect(survivor && restartsOf(survivor)).toBe(restartsOf(other));
  });
}

/** Uploads where no service is bound are told to people, and hold nothing up. */
export function whatNobodyTakesIsDeadLettered(scenario: Scenario): void {
  scenario.step('an upload that no service is bound to becomes a dead letter', async () => {
    const { cluster } = scenario;
    const store = await Store.of(cluster);
    const manager = await Manager.of(cluster);
    await store.tellsOf('datasets', [{ prefix: 'in/', suffix: '' }]);
    await store.put('datasets/in/nobody’s.csv', 'a,b');
    const letter = await eventually('an Event tells of it', 60, async () => {
      const ofReason = `--field-selector=reason=${DEAD_LETTER_REASON}`;
      const events = await cluster.list<Event>('events', '-n', PLATFORM, ofReason);
      const ours = events.find(({ message }) => message.includes('datasets/in/nobody’s.csv'));
      if (!ours) throw new Error(`there are ${events.length} others`);
      return ours;
    });
    expect(letter).toMatchObject({ type: 'Warning', involvedObject: { kind: 'Deployment', name: 'oscar-manager' } });
    const described = await cluster.kubectl('describe', 'deployment', '-n', PLATFORM, 'oscar-manager');
    expect(described).toMatch(new RegExp(`Warning +${DEAD_LETTER_REASON} .*nobody’s.csv`));
    const { dead_letters } = await manager.read<{ dead_letters: object[] }>('/system/dead-letters');
    expect(dead_letters).toMatchObject([{ bucket: 'datasets', key: 'in/nobody’s.csv' }]);

    const noEvent = await manager.call('POST', '/events', { as: await manager.webhook(), body: '{"Records"' });
    expect(noEvent.status).toBe(200);
    await eventually('it is told too', 10, async () => {
      const { dead_letters } = await manager.read<{ dead_letters: object[] }>('/system/dead-letters');
      expect(dead_letters).toHaveLength(2);
    });
  });
}

export const framesNamed = (name: string, count: number) =>
  Array.from({ length: count }, (_, index) => frame(`${name} ${index}`));

/** Then the files and their Jobs are taken away: they would run for minutes, and the sweep would ask for them again. */
async function haveOneJobEach(cluster: Cluster, uploads: readonly Upload[]): Promise<void> {
  const expected = uploads.map(({ path }) => path).sort();
  await eventually('each file has a Job', 120, async () => {
    const objects = (await jobsOf(cluster, 'find-objects')).map(objectOf).filter((path) => expected.includes(path!));
    expect(objects.sort()).toEqual(expected);
  });
  await (await Store.of(cluster)).remove(...expected);
  const manager = await Manager.of(cluster);
  await eventually('they are gone', 30, async () => {
    // Again, if need be: an event whose answer went with a killed manager comes once more, and has no Job any longer.
    const { status } = await manager.call('DELETE', '/system/logs/find-objects?all=true', { as: manager.admin });
    expect(status).toBe(204);
    expect(await jobsOf(cluster, 'find-objects')).toEqual([]);
  });
}
