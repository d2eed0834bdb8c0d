import { setTimeout as sleep } from 'node:timers/promises';
import { bindingRecord, Declaration } from '../../src/contract';
import { provisioned } from './support/provisioned';
import { binding, bucket } from './support/store-work';

const KILLS = 10;
const BUCKETS = 50;
/** Fewer than any run writes. */
const LINES = BUCKETS * 3;
const MANY = 1000;

const names = (count: number) => Array.from({ length: count }, (_, index) => `bucket-${index}`);
const notifications = [
  { prefix: 'in/', suffix: '' },
  { prefix: 'jpg/', suffix: '.jpg' },
];

describe('the provisioner as a process', () => {
  const given = provisioned();
  let declaration: Declaration;
  beforeEach(() => {
    declaration = given.declaration({
      secrets: [{ namespace: 'oscar-svc', name: 'a-token', labels: {}, annotations: {}, data: { token: { hex: 64 } } }],
      buckets: [
        ...names(BUCKETS).map((name) => bucket(name, { versioning: true, expireDays: 5, notifications })),
        bucket('oscar-records'),
      ],
      bindings: names(BUCKETS).map((name) => binding('cowsay', `${name}/in/`)),
    });
  });

  /** What is there, as the store itself says. */
  const state = async ({ buckets, bindings }: Declaration) => {
    const of = async (path: string) => (await given.minio.ask('GET', path)).body.toString();
    const said: Record<string, unknown> = {};
    for (const { name } of buckets) {
      const rules = (await of(`/${name}?notification=`)).match(/<Id>[^<]*<\/Id>/g) ?? [];
      const versions = (await of(`/${name}?versioning=`)).includes('Enabled');
      const days = /<Expiration><Days>(\d+)</.exec(await of(`/${name}?lifecycle=`))?.[1];
      said[name] = { rules: rules.length, versions, days };
    }
    for (const { service, path } of bindings)
      said[path] = JSON.parse(await of(`/oscar-records/${bindingRecord(service, path)}`)).path;
    return said;
  };
  const wanted = ({ buckets, bindings }: Declaration) => ({
    ...Object.fromEntries(
      buckets.map(({ name, versioning: versions, expireDays, notifications: rules }) => [
        name,
        { rules: rules.length, versions, days: expireDays === undefined ? undefined : `${expireDays}` },
      ]),
    ),
    ...Object.fromEntries(bindings.map(({ path }) => [path, path])),
  });
  const isFound = (line: string) => line.startsWith('as declared: ');

  test('twice at once from nothing', async () => {
    const [one, other] = await Promise.all([given.provisioner.run(declaration), given.provisioner.run(declaration)]);
    expect([one.code, other.code]).toEqual([0, 0]);
    expect(await state(declaration)).toEqual(wanted(declaration));
    const third = await given.provisioner.run(declaration);
    expect(third.said.filter((line) => !isFound(line))).toEqual([]);
    expect(third.said).toHaveLength(BUCKETS * 5 + 2);
    expect(third.output).not.toContain(given.minio.root.secretKey);
    expect(one.output).not.toContain(given.api.secrets.get('oscar-svc/a-token')!.token);
  });

  test(`killed ${KILLS} times at random, then once to its end`, async () => {
    for (let kill = 0; kill < KILLS; kill++) {
      const { code } = await given.provisioner.run(declaration, 1 + Math.floor(Math.random() * LINES));
      expect(code).toBeUndefined();
    }
    expect((await given.provisioner.run(declaration)).code).toBe(0);
    expect(await state(declaration)).toEqual(wanted(declaration));
    expect((await given.provisioner.run(declaration)).said.filter((line) => !isFound(line))).toEqual([]);
  });

  test('before its store, and before the Secret of it', async () => {
    const login = given.api.secrets.get('oscar/root')!;
    given.api.secrets.delete('oscar/root');
    await given.minio.down();
    const running = given.provisioner.run(declaration);
    await sleep(2000);
    given.api.secrets.set('oscar/root', login);
    await sleep(3000);
    await given.minio.up();
    expect((await running).code).toBe(0);
    expect(await state(declaration)).toEqual(wanted(declaration));
  });

  test('with keys that the store does not know', async () => {
    given.api.secrets.set('oscar/root', { rootUser: 'somebody', rootPassword: 'not-a-secret-of-the-store' });
    const { code, output } = await given.provisioner.run(declaration);
    expect(code).toBe(1);
    expect(output).toContain('the access key is not known there (InvalidAccessKeyId). Fix: put the store');
    expect(output).not.toContain('not-a-secret-of-the-store');
  });

  test(`with ${MANY} buckets and their rules`, async () => {
    const buckets = names(MANY).map((name) => bucket(name, { notifications }));
    const many = { ...declaration, buckets: [...buckets, bucket('oscar-records')] };
    const first = await given.provisioner.run(many);
    expect(first.code).toBe(0);
    const second = await given.provisioner.run(many);
    expect(second.said.filter((line) => !isFound(line))).toEqual([]);
    expect(second.said).toHaveLength(2 * MANY + BUCKETS + 2);
    console.log(`${MANY} buckets: from nothing ${first.seconds.toFixed(1)} s, again ${second.seconds.toFixed(1)} s`);
    // An hour is what the Job has.
    expect(first.seconds).toBeLessThan(120);
  });
});
