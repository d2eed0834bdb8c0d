import { setTimeout as sleep } from 'node:timers/promises';
import { ApiServerDouble, Client, WatchEvent } from './double';
import { collect, eventually, first, job, JOBS, NAMESPACE } from './double/reading';

describe('the double with faults', () => {
  let double: ApiServerDouble;
  let client: Client;
  beforeEach(async () => {
    double = await ApiServerDouble.start();
    client = new Client(double);
  });
  afterEach(() => double.stop());

  test('answers what it is told, so many times', async () => {
    double.faults.answer({ method: 'POST', path: /\/jobs$/, times: 2 }, 503);
    double.faults.answer({ method: 'POST', path: /\/pods$/ }, 503);
    expect((await client.get(JOBS)).status).toBe(200);
    for (const status of [503, 503, 201]) expect((await client.post(JOBS, job('one'))).status).toBe(status);
  });

  test('turns calls away for a while, as fairness does: in plain text, with the time to wait', async () => {
    double.faults.answer({}, 429);
    const first = await client.get(JOBS);
    expect([first.status, first.headers['retry-after']]).toEqual([429, '1']);
    expect(first.text).toBe('Too many requests, please try again later.\n');
    double.faults.answer({}, { status: 429, retryAfterSeconds: 7 });
    expect((await client.get(JOBS)).headers['retry-after']).toBe('7');
  });

  test.each([
    [409, 'Conflict'],
    [500, 'InternalError'],
    [503, 'ServiceUnavailable'],
  ])('tells %d as a Status', async (code, reason) => {
    double.faults.answer({}, code);
    expect((await client.post(JOBS, job('one'))).body).toMatchObject({ kind: 'Status', code, reason });
    expect(double.objects.list('Job')).toEqual([]);
  });

  test('answers late', async () => {
    double.faults.delay({}, 200);
    const before = performance.now();
    expect((await client.get(JOBS)).status).toBe(200);
    expect(performance.now() - before).toBeGreaterThan(190);
  });

  test('drops a call before it does anything', async () => {
    double.faults.drop({ method: 'POST' });
    await expect(client.post(JOBS, job('one'))).rejects.toThrow(/socket hang up|ECONNRESET/);
    expect(double.objects.get('Job', NAMESPACE, 'one')).toBeUndefined();
    expect((await client.post(JOBS, job('one'))).status).toBe(201);
  });

  test('drops a call after it stored', async () => {
    double.faults.dropAfter({ method: 'POST' });
    await expect(client.post(JOBS, job('one'))).rejects.toThrow(/socket hang up|ECONNRESET/);
    expect(double.objects.get('Job', NAMESPACE, 'one')).toBeDefined();
    expect((await client.post(JOBS, job('one'))).body).toMatchObject({ reason: 'AlreadyExists' });
    expect(double.requests.map(({ method, status }) => [method, status])).toEqual([
      ['POST', 0],
      ['POST', 409],
    ]);
  });

  test('ends watches as when their time is over, or in the midst', async () => {
    const ended = collect(client.watch(`${JOBS}?watch=true&resourceVersion=100`));
    await eventually(() => double.openWatches === 1);
    double.faults.breakWatches('end');
    expect(await ended).toEqual([]);
    const destroyed = collect(client.watch(`${JOBS}?watch=true&resourceVersion=100`));
    await eventually(() => double.openWatches === 1);
    double.faults.breakWatches();
    await expect(destroyed).rejects.toThrow('aborted');
  });

  test('forgets what was: neither a watch nor a list goes on from there', async () => {
    for (const name of ['one', 'two']) double.objects.put(job(name));
    const { body } = await client.get(`${JOBS}?limit=1`);
    const { resourceVersion, continue: token } = body.metadata;
    double.faults.expireHistory();
    const [{ type, object }] = await collect(client.watch(`${JOBS}?watch=true&resourceVersion=${resourceVersion}`));
    expect(type).toBe('ERROR');
    expect(object).toMatchObject({ kind: 'Status', reason: 'Expired', code: 410 });
    const tooOld = await client.get(`${JOBS}?limit=1&continue=${token}`);
    expect(tooOld.body).toMatchObject({ kind: 'Status', reason: 'Expired', code: 410 });
    // The answer has what to go on with nevertheless.
    const rest = await client.get(`${JOBS}?limit=1&continue=${tooOld.body.metadata.continue}`);
    expect(rest.body.items.map((item: WatchEvent['object']) => item.metadata.name)).toEqual(['two']);
    const fresh = await client.get(JOBS);
    const watch = client.watch(`${JOBS}?watch=true&resourceVersion=${fresh.body.metadata.resourceVersion}`);
    double.objects.put(job('three'));
    expect((await first(watch)).object.metadata.name).toBe('three');
  });

  test('refuses connections for a while, and knows everything afterwards', async () => {
    await client.post(JOBS, job('one'));
    const back = double.faults.refuse(100);
    await sleep(20);
    await expect(client.get(JOBS)).rejects.toThrow('ECONNREFUSED');
    await back;
    expect((await client.get(`${JOBS}/one`)).status).toBe(200);
  });
});
