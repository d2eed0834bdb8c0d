import { setTimeout as sleep } from 'node:timers/promises';
import { Declaration, UserDeclaration } from '../../src/contract';
import { provisioned } from './support/provisioned';
import { ServiceUsers, userOf } from './support/service-users';
import { bucket } from './support/store-work';

const KILLS = 6;
const SERVICES = 8;

/** OSCAR_TEST_USERS: how many there are when it is measured. */
const MEASURED = Number(process.env.OSCAR_TEST_USERS ?? 10);

const usersOf = (count: number) => Array.from({ length: count }, (_, index) => userOf(`service-${index}`));

describe('the provisioner and users', () => {
  const given = provisioned();

  function declared(users: readonly UserDeclaration[]): Declaration {
    const secrets = users.map(({ name, secret }) => ({
      ...{ ...secret, labels: {}, annotations: {} },
      data: { accessKey: { text: name }, secretKey: { hex: 40 } },
    }));
    const buckets = ['inn', 'out', 'oscar-bodies', 'oscar-records'].map((name) => bucket(name, { quota: '1Gi' }));
    return given.declaration({ secrets, users, buckets });
  }

  /** Each may read its own folder, and not the next one's. */
  async function expectRights(users: readonly UserDeclaration[]): Promise<void> {
    for (const { read } of users) await given.minio.put(`${read[0]}file`, 'content');
    const services = new ServiceUsers(given.minio, users);
    for (const { name, secret } of users)
      services.secretKeys.set(name, given.api.secrets.get(`${secret.namespace}/${secret.name}`)!.secretKey);
    for (const [index, { name, read }] of users.entries()) {
      const other = users[(index + 1) % users.length].read[0];
      const status = async (folder: string) => (await services.ask(name, 'GET', `/${folder}file`)).status;
      expect([name, await status(read[0]), await status(other)]).toEqual([name, 200, 403]);
    }
  }

  function expectNoSecret(output: string): void {
    for (const values of given.api.secrets.values())
      expect(output).not.toContain(values.secretKey ?? values.rootPassword);
  }

  const unfinished = (said: readonly string[]) => said.filter((line) => !line.startsWith('as declared'));

  test('killed at any time, then run to its end, twice at once: all is as declared', async () => {
    const users = usersOf(SERVICES);
    const declaration = declared(users);
    for (let kill = 0; kill < KILLS; kill++) {
      const lines = Math.ceil(Math.random() * SERVICES * 3);
      const { output } = await given.provisioner.run(declaration, lines);
      expectNoSecret(output);
    }
    const ends = await Promise.all([
      given.provisioner.run(declaration),
      sleep(100).then(() => given.provisioner.run(declaration)),
    ]);
    expect(ends.map(({ code }) => code)).toEqual([0, 0]);
    const { code, said } = await given.provisioner.run(declaration);
    expect([code, unfinished(said)]).toEqual([0, []]);
    await expectRights(users);
  });

  test('a store that dies under it is waited for', async () => {
    const users = usersOf(SERVICES);
    const running = given.provisioner.run(declared(users));
    for (let time = 0; time < 3; time++) {
      await sleep(700 + Math.random() * 800);
      await given.minio.down();
      await sleep(500);
      await given.minio.up();
    }
    const { code, output } = await running;
    expectNoSecret(output);
    // One that was told "no" by a store that was just starting is tried again by the Job's next pod.
    if (code !== 0) expect((await given.provisioner.run(declared(users))).code).toBe(0);
    await expectRights(users);
  });

  test('measured: from nothing, and again', async () => {
    const declaration = declared(usersOf(MEASURED));
    const [first, again] = [await given.provisioner.run(declaration), await given.provisioner.run(declaration)];
    expect([first.code, again.code, unfinished(again.said)]).toEqual([0, 0, []]);
    console.log(
      `${MEASURED} services: ${first.seconds.toFixed(1)} s from nothing, ${again.seconds.toFixed(1)} s unchanged`,
    );
    expectNoSecret(first.output + again.output);
  }, 600_000);
});
