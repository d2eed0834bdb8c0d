import { sign } from 'aws4';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Cluster, eventually } from './cluster';
import { bearer, Manager } from './manager';
import { declaration } from './provisioning';
import type { Scenario } from './scenario';
import { SERVICES } from './steps';

/** Its script does whatever it is sent. */
const INTRUDER = 'intruder';
const STORE = 'oscar-minio.oscar.svc:9000';
const MANAGER = 'oscar-manager.oscar.svc:8080';
/** Open to everybody, but for who may not leave. */
const OTHER_SERVICE = 'web.oscar-svc.svc:8000';
const API_SERVER = '$KUBERNETES_SERVICE_HOST:$KUBERNETES_SERVICE_PORT';
/** `baseline` takes no capability beyond those that container runtimes give by default. */
const DEFAULT_CAPABILITIES = 0xa80425fbn;

/** Each is its own, and read-only but for its work. */
const FOUND = [
  'NoNewPrivs 1',
  'Seccomp 2',
  'secret /var/run/secrets/providers/minio.default/accessKey',
  'secret /var/run/secrets/providers/minio.default/secretKey',
  'variable OSCAR_SERVICE_TOKEN',
  'volume /oscar/bin ro',
  'volume /oscar/config ro',
  'volume /oscar/work rw',
  'volume /run/secrets/providers ro',
];

const OWN = [
  ['GET', `/system/services/${INTRUDER}`],
  ['GET', `/system/logs/${INTRUDER}`],
  ['DELETE', `/system/logs/${INTRUDER}`],
  ['POST', `/run/${INTRUDER}`],
];
/** Of the admin, of another service, of the platform's programs. */
const OTHERS = [
  ['GET', '/'],
  ['GET', '/metrics'],
  ...['services', 'info', 'config', 'status', 'dead-letters'].map((what) => ['GET', `/system/${what}`]),
  ['GET', '/system/services/plants'],
  ['GET', '/system/services/plants/deployment/logs'],
  ['POST', '/system/services'],
  ['PUT', '/system/services'],
  ['DELETE', '/system/services/plants'],
  ['GET', '/system/logs'],
  ['GET', '/system/logs/plants'],
  ['DELETE', '/system/logs/plants?all=true'],
  ['POST', '/run/plants'],
  ['POST', '/job/plants'],
  ['POST', '/events'],
  ['POST', '/sweep'],
];

/** What somebody gets whose script runs in a service's pod: what is the service's own, and nothing else. */
export function anIntruderFindsDoorsShut(scenario: Scenario): void {
  const { cluster, step } = scenario;

  step('a script finds in its pod what is its own, be it of a Job or warm', async () => {
    const script = readScript('look-around');
    for (const said of [await runInJob(cluster, script), await run(cluster, script)]) {
      const lines = said.split('\n').filter(Boolean);
      const [bounds] = lines.filter((line) => line.startsWith('CapBnd '));
      expect(BigInt(`0x${bounds.split(' ')[1]}`) & ~DEFAULT_CAPABILITIES).toBe(0n);
      expect(lines.filter((line) => line !== bounds).sort()).toEqual(FOUND);
    }
  });

  step('a script reaches the store, and neither Kubernetes nor the manager nor another service', async () => {
    const targets = [STORE, MANAGER, API_SERVER, OTHER_SERVICE];
    // Policies take a moment to hold for a new pod.
    await eventually('it does', 60, async () => {
      expect(await run(cluster, readScript('knock', `TARGETS="${targets.join(' ')}"`))).toBe(`${STORE}\n`);
    });
  });

  step("with a service's keys, its pod is refused all that is not its own in the store", async () => {
    const own: Asked = ['PUT', '/datasets/intruder/loot'];
    const { buckets } = await declaration(cluster);
    const refused: Asked[] = [
      ['GET', '/'],
      ['GET', '/minio/admin/v3/list-users'],
      ['GET', '/minio/admin/v3/info'],
      ...buckets.flatMap(({ name }): Asked[] => [
        ['GET', `/${name}?list-type=2`],
        ['GET', `/${name}?notification`],
        ['GET', `/${name}/loot`],
        ['PUT', `/${name}/loot`],
        ['DELETE', `/${name}/loot`],
      ]),
    ];
    expect(buckets.length).toBeGreaterThan(5);
    const keys = await keysIn(cluster);
    const requests = [own, ...refused].map((asked) => signed(asked, keys)).join(' ');
    const answers = (await run(cluster, readScript('ask-store', `REQUESTS='${requests}'`))).trim().split('\n');
    const told = refused.map((asked, index) => `${asked.join(' ')}: ${answers[index + 1]}`);
    expect(answers[0]).toBe('200');
    expect(told).toEqual(refused.map((asked) => `${asked.join(' ')}: 403`));
  });

  step("a service's token, carried out of its pod, opens its own routes and no other", async () => {
    const manager = await Manager.of(cluster);
    const as = bearer((await run(cluster, 'echo "$OSCAR_SERVICE_TOKEN"')).trim());
    const answers = async (routes: readonly string[][]) =>
      Promise.all(
        routes.map(async ([method, path]) => (await manager.call(method, path, { as, body: bodyOf(method) })).status),
      );
    expect((await answers(OWN)).filter((status) => status >= 300)).toEqual([]);
    expect(await answers(OTHERS)).toEqual(OTHERS.map(() => 401));
  });
}

type Asked = readonly [method: string, path: string];

interface Keys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

const bodyOf = (method: string) => (method === 'POST' ? 'true' : undefined);

/** @param variables set for it */
function readScript(name: string, variables = ''): string {
  return `${variables}\n${readFileSync(join(__dirname, 'scripts', `${name}.sh`), 'utf8')}`;
}

/** In a warm pod. @returns what the script says */
async function run(cluster: Cluster, script: string): Promise<string> {
  const { status, text } = await call(cluster, 'run', script);
  if (status !== 200) throw new Error(`the script was not run: ${status} ${text}`);
  return text;
}

/** In a Job. @returns what the script says */
async function runInJob(cluster: Cluster, script: string): Promise<string> {
  const { status, text: job } = await call(cluster, 'job', script);
  expect(status).toBe(201);
  await cluster.kubectl('wait', '-n', SERVICES, `job/${job}`, '--for=condition=Complete', '--timeout=120s');
  return cluster.kubectl('logs', '-n', SERVICES, `job/${job}`);
}

async function call(cluster: Cluster, how: 'run' | 'job', body: string) {
  const manager = await Manager.of(cluster);
  const as = await manager.tokenOf(INTRUDER);
  return manager.call('POST', `/${how}/${INTRUDER}`, { as, contentType: 'application/octet-stream', body });
}

/** As the script finds them. */
async function keysIn(cluster: Cluster): Promise<Keys> {
  const [accessKeyId, secretAccessKey] = (
    await run(
      cluster,
      'for key in accessKey secretKey; do echo "$(cat /var/run/secrets/providers/minio.default/$key)"; done',
    )
  ).split('\n');
  return { accessKeyId, secretAccessKey };
}

/** A request as it goes over the wire, in base64. */
function signed([method, path]: Asked, keys: Keys): string {
  const { headers = {} } = sign({ service: 's3', region: 'us-east-1', host: STORE, method, path }, keys);
  const lines = [
    `${method} ${path} HTTP/1.1`,
    ...Object.entries(headers).map(([name, value]) => `${name}: ${String(value)}`),
    'Content-Length: 0',
    'Connection: close',
  ];
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n`).toString('base64');
}
