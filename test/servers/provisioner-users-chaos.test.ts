import { setTimeout as sleep } from 'node:timers/promises';
import { Declaration, UserDeclaration } from '../../src/contract';
import { BucketStore } from './support/bucket-store';
import { ProvisionerProcess } from './support/provisioner';
import { SecretApi } from './support/secret-api';
import { ServiceUsers, userOf } from './support/service-users';
import { bucket, declarationOf } from './support/store-work';

const KILLS = 6;
const SERVICES = 8;

/** OSCAR_TEST_USERS: how many there are when it is measured. */
const MEASURED = Number(process.env.OSCAR_TEST_USERS ?? 10);

const usersOf = (count: number) => Array.from({ length: count }, (_, index) => userOf(`service-${index}`));

describe('the provisioner and users', () => {
  let api: SecretApi;
  let provisioner: ProvisionerProcess;
  let minio: BucketStore;
  beforeAll(async () => {
    api = await SecretApi.start();
    provisioner = new ProvisionerProcess(api);
  });
  afterAll(() => {
    provisioner?.remove();
    api?.stop();
  });
  beforeEach(async () => {
    minio = await BucketStore.startFor({ port: 9, token: 'not-a-secret' });
    const { accessKey: rootUser, secretKey: rootPassword } = minio.root;
    api.secrets.clear();
    api.secrets.set('oscar/root', { rootUser, rootPassword });
  });
  afterEach(() => minio?.remove());

  function declared(users: readonly UserDeclaration[]): Declaration {
    const at = { endpoint: `http://127.0.0.1:${minio.port}`, ...minio.root };
    const secrets = users.map(({ name, secret }) => ({
      ...{ ...secret, labels: {}, annotations: {} },
      data: { accessKey: { text: name }, secretKey: { hex: 40 } },
    }));
    const buckets = ['inn', 'out', 'oscar-bodies', 'oscar-records'].map((name) => bucket(name, { quota: '1Gi' }));
    return declarationOf(at, { secrets, users, buckets });
  }

  /** Each may read its own folder, and not the next one's. */
  async function expectRights(users: readonly UserDeclaration[]): Promise<void> {
    for (const { service } of users) await minio.put(`inn/${service}/file`, 'content');
    const services = new ServiceUsers(minio, users);
    for (const { name, secret } of users)
      services.secretKeys.set(name, api.secrets.get(`${secret.namespace}/${secret.name}`)!.secretKey);
    for (const [index, { name, service }] of users.entries()) {
      const other = users[(index + 1) % users.length].service;
      const status = async (path: string) => (await services.ask(name, 'GET', path)).status;
      expect([name, await status(`/inn/${service}/file`), await status(`/inn/${other}/file`)]).toEqual([
        name,
        200,
        403,
      ]);
    }
  }

  function expectNoSecret(output: string): void {
    for (const values of api.secrets.values()) expect(output).not.toContain(values.secretKey ?? values.rootPassword);
  }

  const unfinished = (said: readonly string[]) => said.filter((line) => !line.startsWith('as declared'));

  test('killed at any time, then run to its end, twice at once: all is as declared', async () => {
    const users = usersOf(SERVICES);
    const declaration = declared(users);
    for (let kill = 0; kill < KILLS; kill++) {
      const lines = Math.ceil(Math.random() * SERVICES * 3);
      const { output } = await provisioner.run(declaration, lines);
      expectNoSecret(output);
    }
    const ends = await Promise.all([provisioner.run(declaration), sleep(100).then(() => provisioner.run(declaration))]);
    expect(ends.map(({ code }) => code)).toEqual([0, 0]);
    const { code, said } = await provisioner.run(declaration);
    expect([code, unfinished(said)]).toEqual([0, []]);
    await expectRights(users);
  });

  test('a store that dies under it is waited for', async () => {
    const users = usersOf(SERVICES);
    const running = provisioner.run(declared(users));
    for (let time = 0; time < 3; time++) {
      await sleep(700 + Math.random() * 800);
      await minio.down();
      await sleep(500);
      await minio.up();
    }
    const { code, output } = await running;
    expectNoSecret(output);
    // One that was told "no" by a store that was just starting is tried again by the Job's next pod.
    if (code !== 0) expect((await provisioner.run(declared(users))).code).toBe(0);
    await expectRights(users);
  });

  test('measured: from nothing, and again', async () => {
    const declaration = declared(usersOf(MEASURED));
    const [first, again] = [await provisioner.run(declaration), await provisioner.run(declaration)];
    expect([first.code, again.code, unfinished(again.said)]).toEqual([0, 0, []]);
    console.log(
      `${MEASURED} services: ${first.seconds.toFixed(1)} s from nothing, ${again.seconds.toFixed(1)} s unchanged`,
    );
    expectNoSecret(first.output + again.output);
  }, 600_000);
});
