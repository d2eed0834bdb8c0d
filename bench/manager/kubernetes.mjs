// The double of Kubernetes, with an environment's objects in it.
import { setTimeout } from 'node:timers';
import { loadAll } from 'js-yaml';
import { jobName, modifiedBy, serviceSecrets } from '../../src/contract';
import { OBJECT_ANNOTATION, stampJob } from '../../src/programs/manager/jobs/stamp';
import { Services } from '../../src/programs/manager/state/services';
import { ApiServerDouble } from '../../test/programs/manager/double';
import { eventOf, NAMESPACE, serviceName, serviceObjects } from './objects.mjs';
import { answer } from './program.mjs';

/** Jobs of the first service: one whose list is long. */
const LONG_LIST = 0.1;

let double;
const services = new Services(() => {});
const posts = { inFlight: 0, most: 0 };

answer({ start, fill, exampleJob, stored, finishJobs, slowPosts, mostPosts: () => posts.most });

/** @returns how it is reached */
async function start() {
  double = await ApiServerDouble.start();
  double.server.prependListener('request', count);
  return double.kubeconfig;
}

function count({ method, url }, response) {
  if (method !== 'POST' || !url.endsWith('/jobs')) return;
  posts.most = Math.max(posts.most, ++posts.inFlight);
  response.once('close', () => posts.inFlight--);
}

/** @param token of the first service, which also has a warm pod @returns the mean size of a Job, in bytes of JSON */
function fill({ yaml, serviceCount, jobCount, token }) {
  for (let index = 0; index < serviceCount; index++) declare(yaml, serviceName(index));
  warm(serviceName(0), token);
  const many = Math.floor(jobCount * LONG_LIST);
  let bytes = 0;
  for (let index = 0; index < jobCount; index++) {
    const service = serviceName(index < many ? 0 : 1 + ((index - many) % (serviceCount - 1)));
    const job = putJob(service, index, jobCount);
    if (index % 100 === 0) bytes += JSON.stringify(job).length * 100;
  }
  return jobCount ? bytes / jobCount : 0;
}

function declare(yaml, name) {
  for (const object of serviceObjects(yaml, loadAll, name)) {
    if (object.kind === 'ConfigMap') services.onConfigMap(name, object);
    if (object.kind === 'PodTemplate') services.onPodTemplate(name, object);
    if (object.kind === 'Deployment') object.spec.replicas = 0;
    double.objects.put(object);
  }
}

function warm(name, token) {
  const { objects } = double;
  const metadata = { name: serviceSecrets(name).token, namespace: NAMESPACE };
  objects.put({ kind: 'Secret', metadata, data: { token: Buffer.from(token).toString('base64') } });
  double.controllers.runDeployments();
  objects.change('Deployment', NAMESPACE, name, ({ metadata, spec }) => ({
    metadata: { ...metadata, generation: metadata.generation + 1 },
    spec: { ...spec, replicas: 1 },
  }));
}

function putJob(service, index, jobCount) {
  const job = stampedJob(service, eventOf(service, `before-${index}`));
  const at = Date.now() - (jobCount - index) * 1000;
  const creationTimestamp = timeOf(at);
  const { objects } = double;
  objects.put({ ...job, metadata: { ...job.metadata, creationTimestamp }, status: succeeded(at) });
  return objects.change('Job', NAMESPACE, job.metadata.name, ({ metadata }) => ({
    metadata: { ...metadata, managedFields: MANAGED_FIELDS },
  }));
}

/** As the manager makes it. */
function stampedJob(service, event) {
  const { bucket, object } = event.Records[0].s3;
  const key = decodeURIComponent(object.key);
  const name = jobName(service, { bucket: bucket.name, key, modified: modifiedBy(object.sequencer) });
  const input = { variables: { EVENT: JSON.stringify(event) }, object: `${bucket.name}/${key}` };
  return stampJob(services.get(service), name, NAMESPACE, input);
}

/** Text of a Job that the load can store by itself, under other names. */
function exampleJob() {
  const job = stampedJob(serviceName(1), eventOf(serviceName(1), 'example'));
  return { text: JSON.stringify(job), name: job.metadata.name };
}

/** What became of the files whose names begin so: how many Jobs there are, and of how many files. */
function stored(prefix) {
  let jobs = 0;
  const files = new Set();
  for (const { metadata } of double.objects.list('Job', NAMESPACE)) {
    const object = metadata.annotations?.[OBJECT_ANNOTATION];
    if (!object?.includes(`/in/${prefix}-`)) continue;
    jobs++;
    files.add(object);
  }
  return { jobs, files: files.size };
}

/** From now on each new Job runs after a moment, and ends well after another: two changes that are watched. */
function finishJobs() {
  const { objects } = double;
  const change = (name, status) => objects.change('Job', NAMESPACE, name, () => ({ status }));
  objects.onChange('Job', ({ type, object: { metadata } }) => {
    if (type !== 'ADDED') return;
    setTimeout(() => change(metadata.name, running(Date.now())), 200);
    setTimeout(() => change(metadata.name, succeeded(Date.now())), 1000);
  });
}

/** A real API server takes so long to store a Job. */
function slowPosts(ms) {
  double.faults.clear();
  if (ms) double.faults.delay({ method: 'POST', path: /\/jobs$/, times: Infinity }, ms);
  posts.most = 0;
}

const timeOf = (ms) => `${new Date(ms).toISOString().slice(0, 19)}Z`;
const running = (ms) => ({ active: 1, ready: 1, startTime: timeOf(ms), terminating: 0, uncountedTerminatedPods: {} });

function succeeded(ms) {
  const at = timeOf(ms);
  const why = { reason: 'CompletionsReached', message: 'Reached expected number of succeeded pods' };
  const condition = (type) => ({ type, status: 'True', lastProbeTime: at, lastTransitionTime: at, ...why });
  return {
    conditions: [condition('SuccessCriteriaMet'), condition('Complete')],
    ...{ startTime: at, completionTime: at, ready: 0, succeeded: 1, terminating: 0, uncountedTerminatedPods: {} },
  };
}

/** What a real API server notes of who set which field: a third of a Job. Nobody reads it here. */
const MANAGED_FIELDS = [
  managed('node', fieldsOf(['annotations', 'labels', 'spec', 'template'], 12)),
  managed('kube-controller-manager', fieldsOf(['status', 'conditions'], 12), 'status'),
];

function managed(manager, fieldsV1, subresource) {
  const entry = {
    manager,
    operation: 'Update',
    apiVersion: 'batch/v1',
    time: timeOf(0),
    fieldsType: 'FieldsV1',
    fieldsV1,
  };
  return { ...entry, ...(subresource ? { subresource } : {}) };
}

function fieldsOf(groups, fields) {
  const inner = Object.fromEntries(Array.from({ length: fields }, (_, i) => [`f:fieldOfAnObject${i}`, {}]));
  return Object.fromEntries(groups.map((group) => [`f:${group}`, { '.': {}, ...inner }]));
}
