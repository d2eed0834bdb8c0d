// npm run bench:manager:cluster: from the receipt of an event to its Job, in the cluster that the kubeconfig names, where the
// example environment `dev` is applied and its manager ready. The manager is asked by the address of its Service, so it has to be
// reachable from here. Nodes are cordoned meanwhile: the Jobs are stored, and their pods wait, or kubelets would be measured.
// Beside it the same Jobs, stored by `kubectl proxy` without a manager. At the end they are deleted.
import { execFileSync } from 'node:child_process';
import { Agent } from 'node:http';
import { Proxy } from './cluster/proxy.mjs';
import { eventOf } from './manager/objects.mjs';
import { byTheClock, post } from './manager/requests.mjs';
import { quantile } from './supervisor/run.mjs';

const RATES = [1, 10, 50, 100];
const SECONDS = 10;
/** Bound to `films/frames`, files that end with `.jpg`. */
const SERVICE = 'find-objects';
const PORT = 8080;
const JOBS = '/apis/batch/v1/namespaces/oscar-svc/jobs';

const kubectl = (...args) => execFileSync('kubectl', args, { encoding: 'utf8', maxBuffer: 2 ** 28 }).trim();
const secret = (namespace, name, key) =>
  Buffer.from(kubectl('get', 'secret', '-n', namespace, name, '-o', `jsonpath={.data.${key}}`), 'base64').toString();
const nodes = kubectl('get', 'nodes', '-o', 'name').split('\n');

const proxy = await Proxy.start();
for (const node of nodes) kubectl('cordon', node);
try {
  await measure();
} finally {
  for (const node of nodes) kubectl('uncordon', node);
  kubectl('delete', 'jobs', '-n', 'oscar-svc', '-l', `oscar_service=${SERVICE}`, '--wait=false');
  proxy.stop();
}

async function measure() {
  const host = kubectl('get', 'service', '-n', 'oscar', 'oscar-manager', '-o', 'jsonpath={.spec.clusterIP}');
  const token = secret('oscar', 'oscar-webhook', 'token');
  const agent = new Agent({ keepAlive: true, maxSockets: 64 });
  const manager = (run) => (index) =>
    post({ host, port: PORT, path: '/events', agent, token, body: JSON.stringify(upload(`${run}-${index}`)) });
  await byTheClock(10, 1, manager('warm'));
  const [stored] = JSON.parse(await proxy.read(JOBS)).items;
  const direct = (run) => (index) =>
    post({ port: proxy.port, path: JOBS, agent, body: jobLike(stored, `${run}-${index}`) });

  console.log(
    '| events/s | p50 ms | p99 ms | without a manager: p50 ms | p99 ms |\n| ---: | ---: | ---: | ---: | ---: |',
  );
  for (const rate of RATES) {
    const through = await byTheClock(rate, SECONDS, manager(`at${rate}`));
    const beside = await byTheClock(rate, SECONDS, direct(`direct${rate}`));
    const problems = [...through.problems, ...beside.problems];
    if (problems.length) throw new Error(`${problems.length} of ${rate}/s went wrong, as: ${problems[0]}`);
    const figures = [through, beside].flatMap(({ times }) => [quantile(times, 0.5), quantile(times, 0.99)]);
    console.log(`| ${rate} | ${figures.map((ms) => ms.toFixed(1)).join(' | ')} |`);
  }
  agent.destroy();
}

function upload(name) {
  const event = eventOf('films', name);
  const { s3 } = event.Records[0];
  s3.object.key = encodeURIComponent(`frames/${name}.jpg`);
  return { ...event, Key: `films/frames/${name}.jpg` };
}

/** The same Job under another name, as whoever makes it would send it. */
function jobLike({ metadata: { labels, annotations }, spec }, name) {
  const { backoffLimit, activeDeadlineSeconds, ttlSecondsAfterFinished } = spec;
  const template = { ...spec.template, metadata: { labels } };
  const metadata = { name: `${SERVICE}-${name}`, labels, annotations };
  const given = { backoffLimit, activeDeadlineSeconds, ttlSecondsAfterFinished, template };
  return JSON.stringify({ apiVersion: 'batch/v1', kind: 'Job', metadata, spec: given });
}
