import { Cluster, eventually } from './cluster';
import { hasResults, Upload, uploadEvent } from './jobs';
import { Manager, measured, replicasOf, sleeps, warmPodsOf } from './manager';
import type { Scenario } from './scenario';
import { Store } from './store';

export interface Request {
  readonly contentType: string;
  readonly body: string;
  readonly answer: string | RegExp;
}

/** A service that others call while something else is tried: it is to notice nothing. */
export interface Neighbour {
  readonly service: string;
  readonly request: Request;
}

/** @returns a call, which throws unless it is answered as it has to be */
export async function callOf(cluster: Cluster, { service, request }: Neighbour): Promise<() => Promise<void>> {
  const manager = await Manager.of(cluster);
  const as = await manager.tokenOf(service);
  const { contentType, body } = request;
  return async () => {
    const { status, text } = await manager.call('POST', `/run/${service}`, { as, contentType, body });
    expect([status, text]).toEqual([200, answered(request)]);
  };
}

/** `POST /run` with nobody there to answer: it is held until there is, and what comes later is answered at once. */
export function aSleepingServiceAnswers(scenario: Scenario, service: string, request: Request): void {
  scenario.step(`${service} sleeps, and answers a request`, async () => {
    const { cluster } = scenario;
    await sleeps(cluster, service);
    for (const what of ['first answer', 'second answer']) {
      const began = performance.now();
      expect(await run(await Manager.of(cluster), service, request)).toEqual([200, answered(request)]);
      measured(`${service}: ${what}`, began);
    }
    expect(await replicasOf(cluster, service)).toBe(1);
  });
}

/** Many requests wake a service once, all are answered, and a while after the last one it sleeps again. */
export function aSleepingServiceAnswersMany(
  scenario: Scenario,
  service: string,
  request: Request,
  idleSeconds: number,
): void {
  scenario.step(`20 requests at once wake ${service}, which sleeps when they are over`, async () => {
    const { cluster } = scenario;
    await sleeps(cluster, service);
    const manager = await Manager.of(cluster);
    const began = performance.now();
    const answers = await Promise.all(Array.from({ length: 20 }, () => run(manager, service, request)));
    measured(`${service}: 20 answers`, began);
    expect(answers).toEqual(answers.map(() => [200, answered(request)]));
    const over = performance.now();
    expect(await warmPodsOf(cluster, service)).toHaveLength(1);
    await eventually('it sleeps', idleSeconds + 30, async () => (await replicasOf(cluster, service)) === 0);
    measured(`${service}: asleep after`, over);
    expect(performance.now() - over).toBeGreaterThan((idleSeconds - 3) * 1000);
  });
}

/** A pod that is there does what a Job does: with the event of a file whose results were taken away. */
export function aWarmPodProcessesAFile(scenario: Scenario, service: string, upload: Upload): void {
  scenario.step(`an event becomes results of ${service} in a warm pod`, async () => {
    const store = await Store.of(scenario.cluster);
    await store.remove(...Object.keys(upload.results));
    const request = { contentType: 'application/json', body: uploadEvent(upload), answer: /./ };
    expect(await run(await Manager.of(scenario.cluster), service, request)).toEqual([200, answered(request)]);
    await hasResults(store, upload);
  });
}

const answered = ({ answer }: Request) =>
  typeof answer === 'string' ? answer : (expect.stringMatching(answer) as string);

async function run(manager: Manager, service: string, { contentType, body }: Request): Promise<[number, string]> {
  const as = await manager.tokenOf(service);
  const { status, text } = await manager.call('POST', `/run/${service}`, { as, contentType, body });
  return [status, text];
}
