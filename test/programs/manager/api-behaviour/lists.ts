import { setTimeout as sleep } from 'node:timers/promises';
import { LABEL, namesOf, NOON, Run } from './run';

/** What a list or a removal of many selects. */
export function testLists(run: Run): void {
  describe('lists', () => {
    test('in pages have everything once, as it was at the first page', async () => {
      const names = await run.makeJobs('paged', 5);
      const found: string[] = [];
      const versions = new Set<string>();
      let next = '';
      do {
        const page = await run
          .client()
          .get(`${run.jobs()}?${run.selector('paged')}&limit=2${next && `&continue=${next}`}`);
        expect(page.status).toBe(200);
        expect(page.body).toMatchObject({ kind: 'JobList', apiVersion: 'batch/v1' });
        expect(page.body.items.length).toBeLessThanOrEqual(2);
        for (const item of page.body.items) expect([item.kind, item.apiVersion]).toEqual([undefined, undefined]);
        // Of a selection, nobody counts what is left.
        expect(page.body.metadata.remainingItemCount).toBeUndefined();
        found.push(...namesOf(page));
        versions.add(page.body.metadata.resourceVersion);
        next = encodeURIComponent(page.body.metadata.continue ?? '');
        if (found.length === 2) await run.client().post(run.jobs(), run.job('paged-late', 'paged'));
      } while (next);
      expect(found).toEqual(names);
      expect(versions.size).toBe(1);
    });

    test('of any version are whole, whatever the limit', async () => {
      const names = await run.makeJobs('whole', 3);
      // Such a list may be behind.
      await eventually(async () => {
        const list = await run.client().get(`${run.jobs()}?${run.selector('whole')}&limit=1&resourceVersion=0`);
        expect(namesOf(list)).toEqual(names);
        expect(list.body.metadata.continue).toBeUndefined();
      });
    });

    test.each([
      ['a', '0 1'],
      ['!a,r=R', '2'],
      ['a=x', '0'],
      ['a==x', '0'],
      ['a!=x,r=R', '1 2'],
      ['a in (x,y)', '0 1'],
      ['a notin (x),r=R', '1 2'],
      ['a,b', '1'],
      ['a=y,b=z', '1'],
      ['a=x,b=z', ''],
    ])('by labels: %s', async (written, found) => {
      const labels: Record<string, string>[] = [{ a: 'x' }, { a: 'y', b: 'z' }, {}];
      // Keys of this run alone: nobody else's objects fit.
      const key = (letter: string) => `${letter}.${run.id}`;
      for (const [index, given] of labels.entries()) {
        const own = Object.fromEntries(Object.entries(given).map(([letter, value]) => [key(letter), value]));
        const metadata = {
          name: run.nameOf(`labels-${index}`),
          labels: { ...own, [key('r')]: 'R', [`${LABEL}-run`]: run.id },
        };
        const made = await run.client().post(`${run.core()}/configmaps`, { metadata });
        expect([201, 409]).toContain(made.status);
      }
      const text = written.replace(/\b[abr]\b(?!\))/g, key);
      const list = await run.client().get(`${run.core()}/configmaps?labelSelector=${encodeURIComponent(text)}`);
      expect(namesOf(list)).toEqual(
        found
          .split(' ')
          .filter(Boolean)
          .map((index) => run.nameOf(`labels-${index}`)),
      );
    });

    test('by name; by what nobody can select by: told so', async () => {
      const [name] = await run.makeJobs('by-name', 2);
      expect(namesOf(await run.client().get(`${run.jobs()}?fieldSelector=metadata.name%3D${name}`))).toEqual([name]);
      const unknown = await run.client().get(`${run.jobs()}?fieldSelector=spec.x%3D1`);
      expect(unknown.body).toMatchObject({ message: 'field label "spec.x" not supported for Job', code: 400 });
      expect((await run.client().get(`${run.jobs()}?labelSelector=${encodeURIComponent('a b')}`)).status).toBe(400);
    });
  });

  describe('collections', () => {
    test('are removed by label, and by whether they succeeded', async () => {
      const [first, ...others] = await run.makeJobs('collection', 3);
      const status = await run.client().patch(`${run.jobs()}/${first}/status`, { status: succeeded() });
      expect(status.status).toBe(200);
      const query = `${run.selector('collection')}&propagationPolicy=Background`;
      const removed = await run.client().delete(`${run.jobs()}?${query}&fieldSelector=status.successful%3D1`);
      expect(removed.status).toBe(200);
      expect(namesOf(await run.client().get(`${run.jobs()}?${run.selector('collection')}`))).toEqual(others);
      await run.client().delete(`${run.jobs()}?${query}`);
      expect(namesOf(await run.client().get(`${run.jobs()}?${run.selector('collection')}`))).toEqual([]);
    });
  });
}

/** As the Job controller writes it. */
function succeeded(): object {
  const times = { lastProbeTime: NOON, lastTransitionTime: NOON };
  const conditions = ['SuccessCriteriaMet', 'Complete'].map((type) => ({ type, status: 'True', ...times }));
  return { startTime: NOON, completionTime: NOON, succeeded: 1, uncountedTerminatedPods: {}, conditions };
}

/** Tries until it holds, for five seconds. */
async function eventually(holds: () => Promise<void>): Promise<void> {
  for (let tries = 50; ; tries--) {
    try {
      return await holds();
    } catch (error) {
      if (tries === 0) throw error;
      await sleep(100);
    }
  }
}
