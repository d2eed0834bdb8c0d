import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Json } from '../../src/contract';
import { CdmiServer } from '../programs/supervisor/storage/support/cdmi-server';
import { method } from '../programs/supervisor/storage/support/server';
import { Apache, LOGIN } from './support/apache';
import { BucketStore } from './support/bucket-store';
import { makeCertificates } from './support/certificates';
import { Gate } from './support/gate';
import { place, Service, Supervisor } from './support/supervisor';

const MIB = 2 ** 20;
const SCRIPT = '#!/bin/sh\ncat "$INPUT_FILE_PATH" "$INPUT_FILE_PATH" >"$TMP_OUTPUT_DIR/large.bin"\n';
const CONTENT = randomBytes(9 * MIB);
const WHOLE = Buffer.concat([CONTENT, CONTENT]);
/** Longer than what is written over it. */
const EARLIER = Buffer.concat([WHOLE, WHOLE]);

/** S3 is in kill.test.ts: only there an object is whole or not there by the protocol itself. */
let store: BucketStore;
let event: string;
beforeAll(async () => {
  store = await BucketStore.start('uploads');
  event = await store.upload('uploads/input.bin', CONTENT);
});
afterAll(() => store.remove());

/** From the store to another provider. */
function serviceTo(type: 'webdav' | 'onedata', fields: Json, secrets: Readonly<Record<string, string>>): Service {
  const minio = { default: { endpoint: `http://127.0.0.1:${store.port}`, region: 'us-east-1', verify: true } };
  const output = [{ ...place('results/deep'), storage_provider: `${type}.default` }];
  const definition = { output, storage_providers: { minio, [type]: { default: fields } } };
  const made = new Service({ script: SCRIPT, port: store.port, keys: store.root, definition: definition as object });
  for (const [key, text] of Object.entries(secrets)) made.write(`providers/${type}.default/${key}`, text);
  return made;
}

async function kill(supervisor: Supervisor): Promise<void> {
  supervisor.kill();
  expect((await supervisor.ended).code).toBe(137);
}

async function again(service: Service): Promise<void> {
  const { code, stderr } = await service.run(event);
  if (code !== 0) throw new Error(`it ended with ${code}:\n${stderr}`);
}

describe('killed in the middle of an upload to Apache, which writes beside the file', () => {
  let apache: Apache;
  let gate: Gate;
  let service: Service;
  beforeEach(async () => {
    apache = await Apache.start();
    gate = await Gate.before(apache.server.port);
    service = serviceTo('webdav', { hostname: `http://127.0.0.1:${gate.port}/basic` }, LOGIN);
  });
  afterEach(async () => {
    await service.remove();
    await gate.close();
    await apache.stop();
  });

  const folder = 'basic/results/deep';
  const stored = () => readFileSync(apache.file(`${folder}/large.bin`));
  async function killInTheMiddle(): Promise<void> {
    const supervisor = service.start(event);
    await gate.hold(/^PUT .*large\.bin/, 'up', 4 * MIB);
    await kill(supervisor);
    gate.reset();
  }

  test('nothing is there, and the same event makes it whole', async () => {
    await again(service); // its collections
    rmSync(apache.file(`${folder}/large.bin`));
    await killInTheMiddle();
    expect(apache.has(`${folder}/large.bin`)).toBe(false);
    await again(service);
    expect(stored().equals(WHOLE)).toBe(true);
    expect(readdirSync(apache.file(folder)).filter((name) => !name.startsWith('.'))).toEqual(['large.bin']);
  });

  test('an earlier result stays until then', async () => {
    await again(service);
    await killInTheMiddle();
    expect(stored().equals(WHOLE)).toBe(true);
    await again(service);
    expect(stored().equals(WHOLE)).toBe(true);
  });
});

describe.each([
  ['the standard', { oneprovider: false }],
  ['Oneprovider', { oneprovider: true }],
])('killed in the middle of an upload by CDMI (%s), which writes into the object', (_, manners) => {
  const at = '/my space/results/deep/large.bin';
  const certificates = join(mkdtempSync(join(tmpdir(), 'oscar-cdmi-')), 'certs');
  let server: CdmiServer;
  let service: Service;
  beforeEach(async () => {
    mkdirSync(certificates, { recursive: true });
    const { ca, cert, key } = await makeCertificates(certificates);
    server = await new CdmiServer(manners, {
      cert: readFileSync(cert, 'utf8'),
      key: readFileSync(key, 'utf8'),
    }).start();
    for (const name of ['results/', 'results/deep/']) server.containers.add(`/my space/${name}`);
    const fields = { oneprovider_host: `127.0.0.1:${server.port}`, space: 'my space' };
    service = serviceTo('onedata', fields, { token: server.token, 'ca.crt': ca });
  });
  afterEach(async () => {
    await service.remove();
    await server.stop();
  });
  afterAll(() => rmSync(join(certificates, '..'), { recursive: true }));

  /** The object has so much of the body, and no more comes. */
  const held = (bytes: number) =>
    new Promise<void>((resolve) =>
      server.fault(
        (request, response) => {
          response.writeContinue();
          const chunks: Buffer[] = [];
          request.on('data', (chunk: Buffer) => {
            chunks.push(chunk);
            server.put(at, Buffer.concat(chunks));
            if (server.objects.get(at)!.length < bytes) return;
            request.removeAllListeners('data').pause();
            resolve();
          });
        },
        { matches: method('PUT', /large\.bin$/) },
      ),
    );

  test.each([
    ['where nothing was', undefined],
    ['over an earlier result', EARLIER],
  ])('%s: a part is there, until the same event makes it whole', async (_, earlier) => {
    if (earlier) server.put(at, earlier);
    const reached = held(4 * MIB);
    const supervisor = service.start(event);
    await reached;
    await kill(supervisor);
    const part = server.objects.get(at)!;
    expect(part.length).toBeLessThan(WHOLE.length);
    expect(part.equals(WHOLE.subarray(0, part.length))).toBe(true);
    await again(service);
    expect([...server.objects.keys()]).toEqual([at]);
    expect(server.objects.get(at)!.equals(WHOLE)).toBe(true);
  });
});
