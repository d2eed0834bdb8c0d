import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { ServiceDefinition } from '../../src/contract';
import { SETTINGS, tokenOf } from '../programs/manager/running';
import { definition, INPUT } from '../programs/manager/services';
import { BucketStore } from './support/bucket-store';
import { ContentFolder } from './support/content';
import { ManagerProcess, until } from './support/manager';
import { OscarPython, Told } from './support/manager-oscar-python';
import { Service } from './support/supervisor';

/** Jobs on a page of the list. */
const PAGE = 70;
const SCRIPT = `#!/bin/sh
{ printf 'got: '; cat "$INPUT_FILE_PATH"; } >"$TMP_OUTPUT_DIR/answer.txt"
`;
const COWSAY = definition('cowsay', { input: [{ ...INPUT, path: 'uploads/in' }] });

let manager: ManagerProcess;
let store: BucketStore;
let service: Service;
let client: OscarPython;
let endpoint: string;
const files = new ContentFolder();
beforeAll(async () => {
  manager = await ManagerProcess.create();
  manager.declare(COWSAY);
  manager.declare(definition('other'));
  store = await BucketStore.startFor(manager.target, 'uploads', 'results', SETTINGS.bodiesBucket);
  await manager.start(store, { environment: { name: 'production', version: '4.5.6' } });
  service = new Service({
    script: SCRIPT,
    port: store.port,
    keys: store.root,
    definition: { name: 'cowsay', input: [], output: [] },
  });
  await service.serve().says('listening on port');
  putWarmPod();
  await until('the pod is seen', async () => (await manager.asAdmin('/')).includes('1 of 1 ready'));
  endpoint = `http://127.0.0.1:${manager.port}`;
  client = new OscarPython(endpoint, { user: 'oscar', password: 'not-a-secret' });
});
afterAll(async () => {
  await service.remove();
  await store.remove();
  await manager.remove();
  files.remove();
});

/** The supervisor that runs here, as Kubernetes tells of it. */
function putWarmPod(): void {
  const namespace = SETTINGS.servicesNamespace;
  const labels = { oscar_service: 'cowsay', 'app.kubernetes.io/component': 'service' };
  const containers = [{ name: 'oscar-container', image: COWSAY.image }];
  const template = { metadata: { labels }, spec: { containers } };
  const { objects } = manager.kubernetes;
  objects.put({
    ...{ apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'cowsay', namespace, labels } },
    spec: { replicas: 1, selector: { matchLabels: labels }, template },
  });
  objects.put({
    ...{ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'cowsay-0', namespace, labels }, spec: { containers } },
    status: { phase: 'Running', podIP: '127.0.0.1', conditions: [{ type: 'Ready', status: 'True' }] },
  });
}

const json = ({ text }: Told) => JSON.parse(text);

describe('reading', () => {
  test('health_check', async () => expect(await client.call('health_check')).toEqual({ status: 200, text: 'Ok' }));

  test('get_cluster_info', async () => {
    const info = json(await client.call('get_cluster_info'));
    expect(info).toMatchObject({ version: expect.any(String), kubernetes_version: expect.stringMatching(/^v1/) });
    expect(info.serverless_backend).toEqual({ name: expect.any(String), version: expect.any(String) });
  });

  test('get_cluster_config', async () => {
    const { config, minio_provider: provider } = json(await client.call('get_cluster_config'));
    expect(config).toMatchObject({ name: 'oscar', namespace: 'oscar', services_namespace: 'oscar-svc' });
    expect(provider).toMatchObject({ endpoint: `http://127.0.0.1:${store.port}`, access_key: store.root.accessKey });
  });

  test('get_cluster_status', async () => {
    const { cluster, oscar, minio } = json(await client.call('get_cluster_status'));
    expect(cluster).toMatchObject({ nodes_count: expect.any(Number), nodes: expect.any(Array) });
    expect(oscar.deployment_name).toBe('oscar-manager');
    expect(minio).toMatchObject({ buckets_count: expect.any(Number), total_objects: expect.any(Number) });
  });

  test('list_services', async () => {
    const services: ServiceDefinition[] = json(await client.call('list_services'));
    expect(services.map(({ name }) => name)).toEqual(['cowsay', 'other']);
  });

  test('get_service', async () => {
    const told = json(await client.call('get_service', ['cowsay']));
    expect(told).toMatchObject({ name: 'cowsay', token: tokenOf('cowsay'), labels: { oscar_service: 'cowsay' } });
  });

  test('get_service of none raises 404', async () => {
    expect(await client.call('get_service', ['nobody'])).toMatchObject({ raised: 404 });
  });

  test('with a wrong password, everything raises 401', async () => {
    const stranger = new OscarPython(endpoint, { user: 'oscar', password: 'guessed' });
    for (const method of ['list_services', 'get_cluster_config', 'get_cluster_status']) {
      expect(await stranger.call(method)).toMatchObject({ raised: 401 });
    }
  });
});

describe('run_service', () => {
  const run = (kwargs: object) => client.call('run_service', ['cowsay'], kwargs);
  const decoded = ({ text }: Told) => Buffer.from(text, 'base64').toString();

  test('of a text', async () => {
    const told = await run({ input: 'some text' });
    expect(told).toMatchObject({ status: 200 });
    expect(decoded(told)).toBe('got: some text');
  });

  test('of a file, its answer into a file', async () => {
    const output = files.file('answer.txt');
    const input = files.text('ü'.repeat(100_000));
    expect(await run({ input, output })).toMatchObject({ status: 200 });
    expect(readFileSync(output, 'utf8')).toBe(`got: ${'ü'.repeat(100_000)}`);
  });

  test('of a dict: the client makes a form of it, and calls that JSON; no service could know', async () => {
    const told = await run({ input: { message: 'moo', times: 2 } });
    expect(told).toMatchObject({ raised: 400, text: expect.stringContaining('neither JSON') });
  });

  test('of a text of JSON', async () => {
    for (const input of ['{"message": "moo"}', '[1, 2]']) {
      expect(decoded(await run({ input }))).toBe(`got: ${input}`);
    }
  });

  test('with the token alone', async () => {
    const stranger = new OscarPython(endpoint, { user: 'oscar', password: 'guessed' });
    const token = tokenOf('cowsay');
    expect(decoded(await stranger.call('run_service', ['cowsay'], { input: 'x', token }))).toBe('got: x');
    const other = await stranger.call('run_service', ['other'], { input: 'x', token });
    expect(other).toMatchObject({ raised: 401 });
  });

  test('later', async () => {
    const told = await run({ input: 'some text', async_call: true });
    expect([told.status, told.text]).toEqual([201, expect.stringMatching(/^cowsay-/)]);
    const job = manager.jobs.find(({ name }) => name === told.text)!;
    const { code, stdout, stderr } = await service.startJob(job.variables).ended;
    if (code !== 0) throw new Error(stderr);
    expect(Buffer.from(stdout.toString(), 'base64').toString()).toBe('got: some text');
  });
});

describe('jobs', () => {
  const jobs = () => manager.jobs.filter(({ service: of }) => of === 'cowsay').map(({ name }) => name);
  beforeAll(async () => {
    const headers = { authorization: `Bearer ${tokenOf('cowsay')}` };
    while (jobs().length < 2 * PAGE + 5) await manager.ask('POST', '/job/cowsay', headers, randomBytes(9));
    await until('all are seen', async () => (await pages()).flat().length === jobs().length);
  });

  async function pages(): Promise<string[][]> {
    const found: string[][] = [];
    for (let page: string | undefined = ''; page !== undefined;) {
      const told: { jobs: object; next_page: string } = json(await client.call('list_jobs', ['cowsay', page]));
      found.push(Object.keys(told.jobs));
      page = told.next_page || undefined;
    }
    return found;
  }

  test('list_jobs, page by page', async () => {
    const found = await pages();
    expect(found.map(({ length }) => length)).toEqual([PAGE, PAGE, jobs().length - 2 * PAGE]);
    expect(found.flat().sort()).toEqual(jobs().sort());
  });

  test('get_job_logs', async () => {
    const [name] = jobs();
    const namespace = SETTINGS.servicesNamespace;
    const labels = { oscar_service: 'cowsay', 'batch.kubernetes.io/job-name': name };
    const containers = [{ name: 'oscar-container', image: COWSAY.image }];
    manager.kubernetes.objects.put({
      ...{ apiVersion: 'v1', kind: 'Pod', metadata: { name: `${name}-a`, namespace, labels } },
      ...{ spec: { nodeName: 'node', containers }, status: { phase: 'Succeeded' } },
    });
    manager.kubernetes.logs.append(namespace, `${name}-a`, 'moo');
    expect(await client.call('get_job_logs', ['cowsay', name])).toEqual({ status: 200, text: 'moo\n' });
    expect(await client.call('get_job_logs', ['other', name])).toMatchObject({ raised: 404 });
  });

  test('remove_job', async () => {
    const [name] = jobs();
    expect(await client.call('remove_job', ['other', name])).toMatchObject({ raised: 404 });
    expect(await client.call('remove_job', ['cowsay', name])).toMatchObject({ status: 204 });
    await until('it is gone', () => !jobs().includes(name));
    expect(await client.call('remove_job', ['cowsay', name])).toMatchObject({ raised: 404 });
  });

  test('remove_all_jobs: those that succeeded', async () => {
    const [name, ...others] = jobs();
    const conditions = [{ type: 'Complete', status: 'True' }];
    const change = () => ({ status: { succeeded: 1, conditions } });
    manager.kubernetes.objects.change('Job', SETTINGS.servicesNamespace, name, change);
    expect(await client.call('remove_all_jobs', ['cowsay'])).toMatchObject({ status: 204 });
    await until('it is gone', () => !jobs().includes(name));
    expect(jobs().sort()).toEqual(others.sort());
  });
});

test.each([
  ['create_service', [{ name: 'new', image: 'x', script: 'x' }]],
  ['update_service', ['cowsay', { name: 'cowsay', image: 'x', script: 'x' }]],
  ['remove_service', ['cowsay']],
] as [string, unknown[]][])('%s raises 403, and says where services are declared', async (method, args) => {
  expect(await client.call(method, args)).toEqual({ raised: 403, text: expect.stringContaining('"production"') });
});

describe.each([
  ['the cluster', undefined],
  ['a service', 'cowsay'],
])('the storage of %s', (_, of) => {
  test('upload_file, list_files_from_path, download_file', async () => {
    const content = await files.random(6 * 1024 ** 2);
    const name = content.split('/').pop()!;
    const { raised } = await client.storage('upload_file', ['minio.default', content, 'uploads/in'], of);
    expect(raised).toBeUndefined();
    const { value } = await client.storage('list_files_from_path', ['minio.default', 'uploads/in'], of);
    expect(value.Contents.map(({ Key }: { Key: string }) => Key)).toContain(`in/${name}`);
    const folder = new ContentFolder();
    await client.storage('download_file', ['minio.default', folder.file('.'), `uploads/in/${name}`], of);
    expect(existsSync(folder.file(name))).toBe(true);
    expect(readFileSync(folder.file(name)).equals(readFileSync(content))).toBe(true);
    folder.remove();
  });
});
