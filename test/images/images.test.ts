import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  SUPERVISOR_COMMAND,
  SUPERVISOR_HEALTH_PATH,
  SUPERVISOR_PORT,
  supervisorCommand,
  WORK_DIR,
} from '../../src/contract';
import { Container, ContainerProps, Ended } from './container';
import { Service, SupervisorVolume } from './service';
import { Answer, exchange, Store } from './store';

const START_MS = 30_000;

/** Libraries that Node needs and no tool of an image does: whoever looks for them here can't start. */
const TRAP = '/trap';
const TRAPPED = ['libstdc++.so.6', 'libgcc_s.so.1', 'libm.so.6', 'libdl.so.2', 'libpthread.so.0'];
const TRAPS = Object.fromEntries(TRAPPED.map((name) => [`${TRAP}/${name}`, 'not a library\n']));

/** What image and pod set. Nothing else may be there, but what we document. */
const ENVIRONMENT = {
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  HOME: '/somewhere',
  LD_LIBRARY_PATH: TRAP,
  EMPTY: '',
  SEVERAL_LINES: 'one\ntwo = "2"\n',
  UNICODE: 'größer → 日本',
  OSCAR_SERVICE_NAME: 'everywhere',
};

interface Image {
  readonly name: string;
  readonly user?: number;
  readonly readOnlyRoot?: boolean;
  /** What the script's shell has in its memory, and what it can't have. */
  readonly libc: RegExp;
  readonly noLibc?: RegExp;
}

const IMAGES: Image[] = [
  { name: 'busybox', libc: /\/bin\/busybox/, noLibc: /\.so/ },
  { name: 'debian', libc: /\/usr\/lib\/.*\/libc\.so\.6/, noLibc: /musl/ },
  { name: 'musl', libc: /\/lib\/ld-musl-.*\.so\.1/, noLibc: /libc\.so\.6/ },
  { name: 'restricted', libc: /\/bin\/busybox/, noLibc: /\.so/, user: 1000, readOnlyRoot: true },
];

let volume: SupervisorVolume;
let store: Store;
beforeAll(async () => {
  volume = new SupervisorVolume();
  store = await Store.start('uploads', 'results');
});
afterAll(async () => {
  volume.remove();
  await store.stop();
});

const services: Service[] = [];
afterEach(() => services.splice(0).forEach((service) => service.remove()));
function serviceOf(script: string, ...more: [level?: 'CRITICAL']): Service {
  const service = new Service(script, store, ...more);
  services.push(service);
  return service;
}

/** A service's container, as its manifests have it. */
function containerOf(image: Omit<Image, 'libc'>, service: Service, more: Partial<ContainerProps> = {}): ContainerProps {
  return {
    root: join(rootFolder(), image.name),
    files: TRAPS,
    readOnlyRoot: image.readOnlyRoot,
    user: image.user,
    args: supervisorCommand(),
    cwd: '/etc',
    mounts: [volume.mount, ...service.mounts],
    ...more,
    env: { ...ENVIRONMENT, ...more.env },
  };
}

function rootFolder(): string {
  const { OSCAR_IMAGES } = process.env;
  if (!OSCAR_IMAGES) throw new Error('OSCAR_IMAGES is not set: run test/images/run');
  return OSCAR_IMAGES;
}

/** MinIO's, of an upload to `uploads`. */
const eventOf = (key: string) => ({
  EventName: 's3:ObjectCreated:Put',
  Key: `uploads/${key}`,
  Records: [
    {
      eventVersion: '2.0',
      eventSource: 'minio:s3',
      eventTime: '2026-11-22T18:20:00.123Z',
      eventName: 's3:ObjectCreated:Put',
      s3: { bucket: { name: 'uploads' }, object: { key: encodeURIComponent(key), size: 1 } },
    },
  ],
});

function expectSuccess({ code, stderr }: Ended): void {
  if (code !== 0) throw new Error(`it ended with ${code}:\n${stderr}`);
}

/** Leaves the file as it came, and what the script sees of its world. */
const SCRIPT = `#!/bin/sh
set -e
cat "$INPUT_FILE_PATH" >"$TMP_OUTPUT_DIR/copy"
cat /proc/$$/environ >"$TMP_OUTPUT_DIR/environ"
cat /proc/$$/maps >"$TMP_OUTPUT_DIR/maps"
readlink /proc/$$/cwd >"$TMP_OUTPUT_DIR/cwd"
id -u >"$TMP_OUTPUT_DIR/user"
{ (: >/written) 2>/dev/null && echo writable || echo read-only; } >"$TMP_OUTPUT_DIR/root"
echo "a line for the log"
`;

/** Sends the input back. */
const ECHO = '#!/bin/sh\ncat "$INPUT_FILE_PATH" >"$TMP_OUTPUT_DIR/result"\n';

test('the trap is one: who looks for libraries where the image says so doesn’t start', async () => {
  const [loader, , , node] = supervisorCommand();
  const args = [loader, node, '--version'];
  const { code, stderr } = await Container.run(containerOf({ name: 'busybox' }, serviceOf(ECHO), { args }));
  expect(code).toBe(127);
  expect(stderr).toContain(`${TRAP}/lib`);
});

describe.each(IMAGES)('$name', (image) => {
  test('an event in, the results out, and the script in the image’s own world', async () => {
    const content = randomBytes(3 * 1024 * 1024 + 7);
    const key = `in/${image.name} photo + ü.bin`;
    await store.put(`uploads/${key}`, content);
    const event = JSON.stringify(eventOf(key));
    const container = containerOf(image, serviceOf(SCRIPT), { env: { EVENT: event } });
    const ended = await Container.run(container);
    expectSuccess(ended);
    expect(ended.stderr).toContain('a line for the log');

    const result = async (name: string) => {
      const object = await store.get(`results/out/${name}`);
      if (!object) throw new Error(`there is no result "${name}"`);
      return object;
    };
    expect((await result('copy')).equals(content)).toBe(true);
    expect(await textOf(result('cwd'))).toBe('/etc\n');
    expect(await textOf(result('user'))).toBe(`${image.user ?? 0}\n`);
    expect(await textOf(result('root'))).toBe(image.readOnlyRoot ? 'read-only\n' : 'writable\n');

    const { EVENT, ...variables } = variablesIn(await result('environ'));
    const input = variables.TMP_INPUT_DIR;
    expect(variables).toEqual({
      ...ENVIRONMENT,
      INPUT_FILE_PATH: `${input}/${image.name} photo + ü.bin`,
      TMP_INPUT_DIR: expect.stringMatching(`^${WORK_DIR}/`),
      TMP_OUTPUT_DIR: expect.stringMatching(`^${WORK_DIR}/`),
      STORAGE_OBJECT_KEY: key,
      EVENT_TIME: '2026-11-22T18:20:00.123Z',
    });
    expect(variables.TMP_OUTPUT_DIR).not.toBe(input);
    expect(JSON.parse(EVENT)).toEqual(eventOf(key));

    const maps = await textOf(result('maps'));
    expect(maps).toMatch(image.libc);
    if (image.noLibc) expect(maps).not.toMatch(image.noLibc);
    expect(maps).not.toContain('/oscar/bin');
  });

  test('serving: a body in, the result out', async () => {
    const container = new Container(containerOf(image, serviceOf(ECHO), { args: supervisorCommand('serve') }));
    const headers = { 'content-type': 'application/octet-stream', accept: 'application/octet-stream' };
    try {
      await untilReady(container);
      const body = randomBytes(100_001);
      const raw = await exchange('POST', SUPERVISOR_PORT, '/run', headers, body);
      expect([raw.status, raw.body.equals(body)]).toEqual([200, true]);
      const encoded = await exchange('POST', SUPERVISOR_PORT, '/run', {}, Buffer.from(body.toString('base64')));
      expect([encoded.status, decoded(encoded.body).equals(body)]).toEqual([200, true]);
    } finally {
      container.signal('TERM');
    }
    expectSuccess(await container.ended);
  });

  test('as a command, it reads its body on stdin and answers on stdout', async () => {
    const body = randomBytes(1001);
    const stdin = body.toString('base64');
    const ended = await Container.run(containerOf(image, serviceOf(ECHO), { args: [SUPERVISOR_COMMAND], stdin }));
    expectSuccess(ended);
    expect(decoded(ended.stdout).equals(body)).toBe(true);
  });

  test('a script that fails gives its code, and uploads nothing', async () => {
    const key = `in/${image.name}-failing`;
    await store.put(`uploads/${key}`, Buffer.from('x'));
    const service = serviceOf('#!/bin/sh\ntouch "$TMP_OUTPUT_DIR/never"\necho why it fails\nexit 7\n');
    const { code, stderr } = await Container.run(
      containerOf(image, service, { env: { EVENT: JSON.stringify(eventOf(key)) } }),
    );
    expect(code).toBe(7);
    expect(stderr).toContain('why it fails');
    expect(await store.list('results')).not.toContain('out/never');
  });

  test('a signal to the pod ends script and supervisor', async () => {
    const service = serviceOf('#!/bin/sh\necho it runs\nsleep 600\n');
    const container = new Container(containerOf(image, service, { env: { EVENT: '{}' } }));
    await until(container, () => Promise.resolve(container.stderr.includes('it runs')));
    container.signal('TERM');
    expect((await container.ended).code).toBe(143);
  });
});

describe('an image without a shell', () => {
  const image = { name: 'distroless', user: 1000, readOnlyRoot: true };

  test('the script’s own interpreter is all that it needs', async () => {
    const service = serviceOf('#!/app/busybox sh\n/app/busybox cat "$INPUT_FILE_PATH" >"$TMP_OUTPUT_DIR/result"\n');
    const ended = await Container.run(containerOf(image, service, { stdin: '"text"' }));
    expectSuccess(ended);
    expect(decoded(ended.stdout).toString()).toBe('"text"');
  });

  test.each([
    ['an interpreter that is not there', '#!/usr/bin/python3\nprint()\n', '/usr/bin/python3'],
    ['an interpreter for `env` that is not there', '#!/usr/bin/env python3\nprint()\n', 'python3'],
    ['no interpreter', 'echo\n', '#!<interpreter>'],
  ])('a script with %s fails, and the error says so', async (_, script, missing) => {
    const { code, stdout, stderr } = await Container.run(containerOf(image, serviceOf(script), { stdin: '"text"' }));
    expect(code).toBe(1);
    expect(stdout.toString()).toBe('');
    expect(stderr).toContain(missing);
    expect(stderr).toContain('there is no /bin/sh');
    expect(stderr).not.toContain('    at ');
  });
});

test('what an image says to a loader and a Node of its own stays its own', async () => {
  const env = {
    LD_PRELOAD: `${TRAP}/libm.so.6`,
    NODE_PATH: TRAP,
    NODE_EXTRA_CA_CERTS: '/missing',
    NODE_TLS_REJECT_UNAUTHORIZED: '0',
  };
  const service = serviceOf('#!/bin/sh\ncat /proc/$$/environ >"$TMP_OUTPUT_DIR/environ"\n');
  const ended = await Container.run(containerOf({ name: 'busybox' }, service, { env, stdin: '{}' }));
  expectSuccess(ended);
  expect(variablesIn(decoded(ended.stdout))).toMatchObject(env);
});

const textOf = async (bytes: Promise<Buffer>) => (await bytes).toString('utf8');
const decoded = (base64: Buffer) => Buffer.from(base64.toString('latin1'), 'base64');

/** Each once, or it would not be clear which one counts. */
function variablesIn(environ: Buffer): Record<string, string> {
  const entries = environ.toString('utf8').split('\0').slice(0, -1);
  const variables = entries.map((entry) => /^([^=]*)=(.*)$/s.exec(entry)!.slice(1) as [string, string]);
  const names = variables.map(([name]) => name);
  expect(names).toEqual([...new Set(names)]);
  return Object.fromEntries(variables);
}

const untilReady = (container: Container) =>
  until(container, async () => {
    const answer: Answer | undefined = await exchange('GET', SUPERVISOR_PORT, SUPERVISOR_HEALTH_PATH).catch(
      () => undefined,
    );
    return answer?.status === 200;
  });

/** Throws with what it said when it ends before. */
async function until(container: Container, holds: () => Promise<boolean>): Promise<void> {
  let ended: Ended | undefined;
  void container.ended.then((end) => (ended = end));
  for (const end = Date.now() + START_MS; Date.now() < end; await sleep(50)) {
    if (ended) throw new Error(`it ended with ${ended.code}:\n${ended.stderr}`);
    if (await holds()) return;
  }
  throw new Error(`it takes too long:\n${container.stderr}`);
}
