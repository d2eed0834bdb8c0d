import {
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
  S3ServiceException,
} from '@aws-sdk/client-s3';
import { BINDING_FOLDER, recordsBucket, splitPath, UserDeclaration } from '../../src/contract';
import { declaration } from './provisioning';
import type { Scenario } from './scenario';
import { PATIENT_ATTEMPTS, secretOf, Store } from './store';

/** A folder's marker: no upload for any service, and so for no sweep. */
const PROBE = 'probe/';
/** The length keeps the SDK from warning of a stream. */
const NOTHING = { Body: '', ContentLength: 0 };

/** With the keys of each user's Secret: a service reads its own inputs and writes its own outputs, and that is all. */
export function usersMayNoMoreThanIsDeclared(scenario: Scenario): void {
  scenario.step('each user of the store may do what is declared, and is refused everything else', async () => {
    const { cluster } = scenario;
    const { users, bindings, buckets } = await declaration(cluster);
    const root = (await Store.of(cluster)).client(undefined, PATIENT_ATTEMPTS);
    const paths = [...new Set(users.flatMap(({ read, write }) => [...read, ...write]))];
    const others = [
      ...bindings.map(({ service }) => `${recordsBucket('oscar')}/${BINDING_FOLDER}${service}/`),
      ...buckets.map(({ name }) => `${name}/`),
    ];
    const asked = [...new Set([...paths, ...others])];
    for (const path of asked) await root.send(new PutObjectCommand({ ...probe(path), ...NOTHING }));
    let refused = 0;
    expect(users.length).toBeGreaterThan(4);
    for (const user of users) {
      const keys = await secretOf(cluster, user.secret.namespace, user.secret.name);
      // What is refused is so at once; a store that doesn't answer is asked again.
      const client = (await Store.of(cluster)).client(keys, PATIENT_ATTEMPTS);
      const { allowed, denied } = await tried(client, user, asked);
      expect(allowed).toEqual(asked.flatMap((path) => rightsTo(path, user)));
      expect(denied.filter((answer) => !answer.endsWith(': AccessDenied'))).toEqual([]);
      refused += denied.length;
    }
    // What the sweep may write is among the records of bindings.
    for (const path of asked) await root.send(new DeleteObjectCommand(probe(path)));
    process.stderr.write(`      ${users.length} users were refused ${refused} times\n`);
  });
}

/** Of a folder, as `tried` tells of them. */
function rightsTo(path: string, { read, write, list, remove }: UserDeclaration): string[] {
  const rights = { get: read, put: write, list, delete: remove };
  return Object.entries(rights).flatMap(([what, folders]) =>
    folders.some((folder) => path.startsWith(folder)) ? [`${what} ${path}`] : [],
  );
}

async function tried(client: S3Client, { read, write }: UserDeclaration, paths: readonly string[]) {
  const answers: string[] = [];
  for (const path of paths) {
    answers.push(await ask(`get ${path}`, () => client.send(new GetObjectCommand(probe(path)))));
    // What a service may write, its user writes; elsewhere nothing must get through.
    answers.push(await ask(`put ${path}`, () => client.send(new PutObjectCommand({ ...probe(path), ...NOTHING }))));
    answers.push(await ask(`list ${path}`, () => client.send(new ListObjectsV2Command(folder(path)))));
    answers.push(await ask(`delete ${path}`, () => client.send(new DeleteObjectCommand(probe(path)))));
  }
  const isAllowed = (answer: string) => !answer.includes(': ');
  expect([...read, ...write].length).toBeGreaterThan(0);
  return { allowed: answers.filter(isAllowed), denied: answers.filter((answer) => !isAllowed(answer)) };
}

/** @returns what was asked, and the store's code where it refused */
async function ask(what: string, call: () => Promise<unknown>): Promise<string> {
  try {
    await call();
    return what;
  } catch (error) {
    if (error instanceof S3ServiceException) return `${what}: ${error.name}`;
    throw error;
  }
}

function folder(path: string): { Bucket: string; Prefix: string } {
  const { bucket } = splitPath(path);
  return { Bucket: bucket, Prefix: path.slice(bucket.length + 1) };
}

function probe(path: string): { Bucket: string; Key: string } {
  const { Bucket, Prefix } = folder(path);
  return { Bucket, Key: `${Prefix}${PROBE}` };
}
