import { setTimeout as sleep } from 'node:timers/promises';
import { alertGroups } from '../../src/constructs/alert-rules';
import { dashboardRows } from '../../src/constructs/dashboard-panels';
import { STORE_METRICS } from '../../src/constructs/platform-metrics';
import { WEBHOOK_TARGET } from '../../src/contract';
import { metricsToken } from '../../src/programs/provisioner/metrics-token';
import { PARTS } from '../constructs/monitored';
import { MINIO_METRICS } from '../support/known-metrics';
import { parsePromql, toldSeries } from '../support/promql';
import { BucketStore, exchange } from './support/bucket-store';

/** MinIO keeps figures for up to a minute before it counts anew. */
const PATIENCE_MS = 90_000;

const EXPRS = [
  ...alertGroups(PARTS).flatMap(({ rules }) => rules.map(({ expr }) => expr)),
  ...dashboardRows(PARTS, true).flatMap(({ panels }) =>
    panels.flatMap(({ queries }) => queries.map(({ expr }) => expr)),
  ),
].map((expr) => expr.replaceAll('$__rate_interval', '2m'));
/** Labels that Prometheus adds. */
const TARGET = ['namespace', 'service', 'metrics_path'];
/** By the words of each, so that none is tried twice. */
const SELECTORS = new Map(
  EXPRS.flatMap((expr) => parsePromql(expr).selectors)
    .filter(({ metric }) => metric.startsWith('minio_'))
    .map((selector) => [`${selector.metric}, ${selector.matchers.metrics_path}`, selector]),
);

let store: BucketStore;
let texts: Map<string, string>;
beforeAll(async () => {
  // Its events find nobody, and stay in the queue.
  store = await BucketStore.startFor({ port: 9, token: 'not-a-secret' }, 'inbox');
  await store.tellOf('inbox', 'in');
  await store.must('PUT', '/inbox/in/file', Buffer.from('content'));
  await exchange('GET', store.port, '/inbox/in/file'); // without keys: refused
  const { accessKey, secretKey } = store.root;
  const headers = { authorization: `Bearer ${metricsToken(accessKey, secretKey)}` };
  const told = async (path: string) => (await exchange('GET', store.port, path, headers)).body.toString('utf8');
  const paths = Object.values(STORE_METRICS);
  for (const end = Date.now() + PATIENCE_MS; ; await sleep(1000)) {
    texts = new Map(await Promise.all(paths.map(async (path) => [path, await told(path)] as const)));
    const isComplete = [...texts.values()].every((text) => text.includes('minio_s3_requests_4xx_errors_total{'));
    if (isComplete || Date.now() > end) return;
  }
}, 2 * PATIENCE_MS);
afterAll(() => store?.remove());

/** Of an answer with a 5xx nothing is told before there was one; the others' is told alike (minio/minio, cmd/metrics-v2.go). */
const comparable = (metric: string) => metric.replace('5xx', '4xx');

test.each([...SELECTORS])('%s: is told', (_name, { metric, matchers }) => {
  const labels = [...(toldSeries(texts.get(matchers.metrics_path)!).get(comparable(metric)) ?? [])];
  expect(labels.sort()).toEqual([...MINIO_METRICS[metric]]);
  expect([...TARGET, ...labels]).toEqual(expect.arrayContaining(Object.keys(matchers)));
});

test('an event that nobody takes is counted in the queue of the target', () => {
  const line = texts.get(STORE_METRICS.node)!.match(/^minio_notify_target_queue_length\{(.*)\} (\d+)$/m)!;
  expect(line[1]).toContain(`target_id="${WEBHOOK_TARGET}"`);
  expect(line[2]).toBe('1');
});
