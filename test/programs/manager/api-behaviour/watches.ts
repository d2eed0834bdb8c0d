import type { WatchEvent } from '../double';
import { LABEL, Run } from './run';

const WATCH_SECONDS = 10;

/** What a watch tells, and when it ends. */
export function testWatches(run: Run): void {
  describe('watches', () => {
    test('tell what is made, changed and removed since a list', async () => {
      const list = await run.client().get(`${run.jobs()}?${run.selector('watched')}`);
      const watch = watchFrom(list.body.metadata.resourceVersion, run.selector('watched'));
      const [name] = await run.makeJobs('watched', 1);
      await run.makeJobs('unwatched', 1);
      await run.client().patch(`${run.jobs()}/${name}`, { metadata: { annotations: { changed: 'yes' } } });
      await run.client().delete(`${run.jobs()}/${name}?propagationPolicy=Background`);
      const events = await until(watch, ({ type }) => type === 'DELETED');
      // A Job that is suspended is changed by its controller too, where there is one.
      const types = events.map(({ type }) => type).filter((type, index, all) => type !== all[index - 1]);
      expect(types).toEqual(['ADDED', 'MODIFIED', 'DELETED']);
      expect(events.map(({ object }) => object.metadata.name)).toEqual(events.map(() => name));
      expect(events.map(({ object }) => object.kind)).toEqual(events.map(() => 'Job'));
      const versions = events.map(({ object }) => Number(object.metadata.resourceVersion));
      expect(versions).toEqual([...versions].sort((a, b) => a - b));
      expect(versions[0]).toBeGreaterThan(Number(list.body.metadata.resourceVersion));
    });

    test('tell of what leaves the selection as removed, and of what enters it as made', async () => {
      const [name] = await run.makeJobs('moved', 1);
      const list = await run.client().get(`${run.jobs()}?${run.selector('moved')}`);
      const watch = watchFrom(list.body.metadata.resourceVersion, run.selector('moved'));
      await run.client().patch(`${run.jobs()}/${name}`, { metadata: { labels: { [LABEL]: 'elsewhere' } } });
      await run.client().patch(`${run.jobs()}/${name}`, { metadata: { labels: { [LABEL]: `moved-${run.id}` } } });
      const events = await until(watch, ({ type }) => type === 'ADDED');
      const [left, entered] = events.filter(({ type }) => type !== 'MODIFIED');
      expect([left.type, entered.type]).toEqual(['DELETED', 'ADDED']);
      expect(left.object.metadata.labels[LABEL]).toBe(`moved-${run.id}`);
    });

    test('end when their time is over', async () => {
      const list = await run.client().get(`${run.jobs()}?${run.selector('quiet')}`);
      const query = `${run.selector('quiet')}&resourceVersion=${list.body.metadata.resourceVersion}&timeoutSeconds=1`;
      const types: string[] = [];
      for await (const { type } of run.client().watch(`${run.jobs()}?watch=true&${query}`)) types.push(type);
      expect(types).toEqual([]);
    });

    test('from a version that is long gone: told so, or told everything; never silent', async () => {
      const names = await run.makeJobs('ancient', 1);
      const query = `watch=true&resourceVersion=1&timeoutSeconds=${WATCH_SECONDS}&${run.selector('ancient')}`;
      const answer = await run.client().open('GET', `${run.jobs()}?${query}`, {});
      answer.destroy();
      if (answer.statusCode === 410) return;
      expect(answer.statusCode).toBe(200);
      const [first] = await until(run.client().watch(`${run.jobs()}?${query}`), () => true);
      // A server that has run since its cluster was made may know everything since then.
      if (first.type === 'ADDED') expect(first.object.metadata.name).toBe(names[0]);
      else {
        expect(first.type).toBe('ERROR');
        expect(first.object).toMatchObject({ kind: 'Status', status: 'Failure', reason: 'Expired', code: 410 });
      }
    });

    const watchFrom = (version: string, query: string) =>
      run
        .client()
        .watch(`${run.jobs()}?watch=true&resourceVersion=${version}&timeoutSeconds=${WATCH_SECONDS}&${query}`);
  });
}

async function until(watch: AsyncIterable<WatchEvent>, last: (event: WatchEvent) => boolean): Promise<WatchEvent[]> {
  const events: WatchEvent[] = [];
  for await (const event of watch) {
    events.push(event);
    if (last(event)) return events;
  }
  throw new Error(`the watch ended after ${JSON.stringify(events.map(({ type }) => type))}`);
}
