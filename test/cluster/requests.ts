import { Cluster, eventually } from './cluster';
import { hasResults, Upload, uploadEvent } from './jobs';
import type { Scenario } from './scenario';
import { PLATFORM, SERVICES } from './steps';
import { Store } from './store';

/** Sends stdin to a service's warm pods, from where the network policies let requests come: the manager's pod. */
const POST = `
const [host, type] = process.argv.slice(1);
const { request } = require('node:http');
const sent = request({ host, port: 8080, method: 'POST', headers: { 'content-type': type } }, (response) => {
  process.stdout.write(response.statusCode + ' ');
  response.pipe(process.stdout);
});
process.stdin.pipe(sent);
`;

export interface Request {
  readonly contentType: string;
  readonly body: string;
  /** Status and body. */
  readonly answer: string | RegExp;
}

/** A service's Deployment of one pod answers: what was posted was the script's input, and its result is the answer. */
export function aRequestIsAnswered(scenario: Scenario, service: string, request: Request): void {
  scenario.step(`warm pods of ${service} answer a request`, () => isAnswered(scenario.cluster, service, request));
}

/** The same with the event of a file that was uploaded: its results are in the store. */
export function aWarmPodProcessesAFile(scenario: Scenario, service: string, upload: Upload): void {
  scenario.step(`an uploaded file becomes a result of ${service} in a warm pod`, async () => {
    const store = await Store.of(scenario.cluster);
    await store.put(upload.path, upload.content);
    const request = { contentType: 'application/json', body: uploadEvent(upload), answer: /^200 / };
    await isAnswered(scenario.cluster, service, request);
    await hasResults(store, upload);
  });
}

async function isAnswered(cluster: Cluster, service: string, { contentType, body, answer }: Request): Promise<void> {
  await cluster.kubectl('scale', 'deployment', '-n', SERVICES, service, '--replicas=1');
  await cluster.kubectl('rollout', 'status', '-n', SERVICES, `deployment/${service}`, '--timeout=120s');
  const host = `${service}.${SERVICES}.svc.cluster.local`;
  const post = ['exec', '-i', '-n', PLATFORM, 'deployment/oscar-manager', '--', 'node', '-e', POST, host, contentType];
  await eventually('it answers', 60, async () => {
    const { stdout } = await cluster.pipe(body, 'kubectl', post);
    if (typeof answer === 'string') expect(stdout).toBe(answer);
    else expect(stdout).toMatch(answer);
  });
  await cluster.kubectl('scale', 'deployment', '-n', SERVICES, service, '--replicas=0');
}
