import { createMetrics, Metrics } from '../../../../src/programs/supervisor/serve/metrics';

const load = { running: 0, waiting: 0 };
let metrics: Metrics;
beforeAll(async () => (metrics = await createMetrics('cowsay', load)));

interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

const NAME = '[a-zA-Z_:][a-zA-Z0-9_:]*';
const LABELS = `(?:\\{((?:${NAME}="(?:[^"\\\\\\n]|\\\\[\\\\"n])*",?)*)\\})?`;
const SAMPLE = new RegExp(`^(${NAME})${LABELS} (-?[0-9.]+(?:e[-+]?\\d+)?|[-+]Inf|Na[Nn])$`);

/**
 * Prometheus' text format 0.0.4: each line is a comment, a sample of the metric announced, or empty. Prometheus reads
 * numbers as Go does, which takes `Nan`, as the library writes it, for `NaN`.
 */
function parse(text: string) {
  const samples: Sample[] = [];
  const types = new Map<string, string>();
  const helps = new Set<string>();
  let current = '';
  expect(text.endsWith('\n')).toBe(true);
  for (const line of text.split('\n').filter((line) => line !== '')) {
    const [, keyword, name, rest] = /^# (HELP|TYPE) (\S+) (.+)$/.exec(line) ?? [];
    if (keyword === 'HELP') helps.add((current = name));
    else if (keyword === 'TYPE') {
      expect(name).toBe(current);
      expect(types.has(name)).toBe(false);
      types.set(name, rest);
    } else {
      const [, sampled, labels = '', value] = SAMPLE.exec(line) ?? fail(`no sample: ${line}`);
      expect(sampled.replace(/_(bucket|sum|count)$/, '')).toBe(current.replace(/_count$/, ''));
      const pairs = [...labels.matchAll(/([^=,]+)="((?:[^"\\]|\\.)*)"/g)].map(([, label, text]) => [label, text]);
      samples.push({
        name: sampled,
        labels: Object.fromEntries(pairs),
        value: Number(value.replace('Inf', 'Infinity')),
      });
    }
  }
  expect([...types.keys()]).toEqual([...helps]);
  return { samples, types };
}

function fail(message: string): never {
  throw new Error(message);
}

const scrape = async () => parse(await metrics.text());
const value = async (name: string, labels: Record<string, string> = {}) =>
  (await scrape()).samples.filter(
    (sample) =>
      sample.name === `oscar_supervisor_${name}` &&
      Object.entries(labels).every(([label, text]) => (sample.labels[label] ?? '') === text),
  )[0]?.value;

test('names have units, counters end with total, all bear the service', async () => {
  const { samples, types } = await scrape();
  const ours = [...types].filter(([name]) => name.startsWith('oscar_'));
  expect(Object.fromEntries(ours)).toEqual({
    oscar_supervisor_invocations_total: 'counter',
    oscar_supervisor_running_invocations: 'gauge',
    oscar_supervisor_waiting_invocations: 'gauge',
    oscar_supervisor_idle_seconds: 'gauge',
    oscar_supervisor_step_duration_seconds: 'histogram',
    oscar_supervisor_input_bytes_total: 'counter',
    oscar_supervisor_output_bytes_total: 'counter',
    oscar_supervisor_reply_bytes_total: 'counter',
  });
  for (const { labels } of samples) expect(labels.service).toBe('cowsay');
  expect(metrics.contentType).toBe('text/plain; version=0.0.4; charset=utf-8');
});

test('the process itself is told of', async () => {
  const { types } = await scrape();
  for (const name of ['process_cpu_seconds_total', 'process_start_time_seconds', 'nodejs_eventloop_lag_seconds'])
    expect(types.has(name)).toBe(true);
});

test('every outcome is there before it happens', async () => {
  const { samples } = await scrape();
  const invocations = samples.filter(({ name }) => name === 'oscar_supervisor_invocations_total');
  expect(invocations.map(({ labels, value }) => [labels.outcome, labels.kind, value])).toEqual([
    ['succeeded', '', 0],
    ['refused', '', 0],
    ['failed', 'input', 0],
    ['failed', 'configuration', 0],
    ['failed', 'storage', 0],
    ['failed', 'script', 0],
    ['failed', 'cancelled', 0],
    ['failed', 'internal', 0],
  ]);
});

test('outcomes are counted', async () => {
  metrics.succeeded();
  metrics.succeeded();
  metrics.refused();
  metrics.failed('script');
  expect(await value('invocations_total', { outcome: 'succeeded' })).toBe(2);
  expect(await value('invocations_total', { outcome: 'refused' })).toBe(1);
  expect(await value('invocations_total', { outcome: 'failed', kind: 'script' })).toBe(1);
  expect(await value('invocations_total', { outcome: 'failed', kind: 'input' })).toBe(0);
});

test('what runs and waits is asked for at each scrape', async () => {
  Object.assign(load, { running: 2, waiting: 5 });
  expect([await value('running_invocations'), await value('waiting_invocations')]).toEqual([2, 5]);
  Object.assign(load, { running: 0, waiting: 1 });
  expect([await value('running_invocations'), await value('waiting_invocations')]).toEqual([0, 1]);
});

describe('idle seconds', () => {
  afterEach(() => jest.restoreAllMocks());

  test('count from the start, and from the end of the last invocation', async () => {
    const now = jest.spyOn(performance, 'now').mockReturnValue(1_000);
    const load = { running: 0, waiting: 0 };
    const metrics = await createMetrics('cowsay', load);
    const idle = async () =>
      /^oscar_supervisor_idle_seconds\{service="cowsay"\} (\S+)$/m.exec(await metrics.text())?.[1];
    now.mockReturnValue(3_500);
    expect(await idle()).toBe('2.5');
    load.running = 1;
    expect(await idle()).toBe('0');
    Object.assign(load, { running: 0, waiting: 1 });
    expect(await idle()).toBe('0');
    load.waiting = 0;
    metrics.left();
    expect(await idle()).toBe('0');
    now.mockReturnValue(63_500);
    expect(await idle()).toBe('60');
  });
});

test('steps have durations and bytes', async () => {
  metrics.step('stage_in', 0.02, 100);
  metrics.step('stage_in', 4, 11);
  metrics.step('script', 3, 0);
  metrics.step('stage_out', 1, 7);
  metrics.replied(5);
  expect(await value('step_duration_seconds_count', { step: 'stage_in' })).toBe(2);
  expect(await value('step_duration_seconds_sum', { step: 'stage_in' })).toBeCloseTo(4.02);
  expect(await value('step_duration_seconds_bucket', { step: 'stage_in', le: '0.025' })).toBe(1);
  expect(await value('step_duration_seconds_bucket', { step: 'stage_in', le: '+Inf' })).toBe(2);
  expect(await value('step_duration_seconds_count', { step: 'script' })).toBe(1);
  expect(await value('input_bytes_total')).toBe(111);
  expect(await value('output_bytes_total')).toBe(7);
  expect(await value('reply_bytes_total')).toBe(5);
});

test("a service's name is text, whatever is in it", async () => {
  const { samples } = parse(await (await createMetrics('a"b\\c', load)).text());
  expect(samples[0].labels.service).toBe('a\\"b\\\\c');
});
