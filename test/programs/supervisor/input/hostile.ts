import { dcacheEvent, gatewayEvent, inotifyEvent, minioEvent, minioRecord, onedataEvent, s3Record } from './events';

/** Whole numbers from 0 to below `limit`. */
export type Random = (limit: number) => number;

/** Fast and good enough (mulberry32): a hundred thousand bodies take seconds. */
export function random(seed: number): Random {
  let state = seed >>> 0;
  return (limit) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % limit;
  };
}

const pick = <T>(next: Random, from: readonly T[]): T => from[next(from.length)];

const TYPES = [
  ...[undefined, undefined, 'application/json', 'text/plain', 'application/x-www-form-urlencoded'],
  ...['application/octet-stream', 'image/png', 'multipart/form-data', 'a/b+json', '', ';', 'x\0y'],
];
export const hostileType = (next: Random): string | undefined => pick(next, TYPES);

const wrapped = (event: unknown, storage_provider: unknown = 'minio.default') => ({ event, storage_provider });

const EVENTS: readonly unknown[] = [
  minioEvent(),
  minioEvent(minioRecord('a+b%20c'), s3Record('in/%E5%AD%97'), minioRecord('in/')),
  { Records: [s3Record('in/dog.jpg')] },
  onedataEvent(),
  dcacheEvent(),
  inotifyEvent(),
  wrapped(minioEvent()),
  wrapped(JSON.stringify(dcacheEvent()), 'dcache'),
  wrapped(wrapped(onedataEvent(), 'x'), 'y'),
  wrapped('aGVsbG8='),
  { event: inotifyEvent() },
  gatewayEvent(JSON.stringify(wrapped(minioEvent())), 'application/json', { queryStringParameters: { a: 'b' } }),
  gatewayEvent('aGVsbG8=', 'image/png', { isBase64Encoded: true }),
  gatewayEvent(null),
];

const KEYS = [
  ...[
    '..',
    '.',
    '../../../etc/passwd',
    '/etc/passwd',
    'a/..',
    '%2e%2e%2f',
    '..%2F..%2Fx',
    'a%00b',
    '%',
    '%ff',
    '%C0%AF',
  ],
  ...[
    'a/',
    '/',
    '',
    'a\0b',
    '\ud800',
    '\udc00x',
    'x'.repeat(300),
    '字'.repeat(100),
    'a\nb',
    '\u202e',
    '-rf',
    '__proto__',
  ],
];
const SCALARS = [
  ...[
    'null',
    'true',
    'false',
    '0',
    '-0',
    '1e999',
    '-1e-999',
    '9'.repeat(400),
    `0.${'1'.repeat(400)}`,
    '[]',
    '{}',
    '""',
  ],
  ...['"\\ud800"', '"\\u0000"', '"\\udfff\\ud800"', '{"__proto__":{"polluted":1}}', '{"constructor":{"prototype":{}}}'],
  ...['"minio:s3"', '"aws:s3"', '"OneTrigger"', '"dcacheTrigger"', '"ObjectRemoved:Delete"', '[[[[]]]]'],
];
const NAMES = [
  ...[
    'Records',
    'event',
    'storage_provider',
    'httpMethod',
    'headers',
    'body',
    'isBase64Encoded',
    'requestContext',
    's3',
  ],
  ...['eventSource', 'eventName', 'eventTime', 'key', 'Key', 'objectKey', 'file_path', 'timestamp', 'name', 'mask'],
  ...[
    'subscription',
    'queryStringParameters',
    'bucket',
    'object',
    '__proto__',
    'constructor',
    'toString',
    'length',
    '',
  ],
];

/** What the names of good records begin with, and no other's do. */
export const GOOD = 'good-';

const goodRecord = (next: Random, name: string): unknown =>
  pick(next, [
    minioRecord(`in/${name}`),
    s3Record(`in%2F${name}`),
    ...dcacheEvent(`/in/${name}`).Records,
    { eventSource: 'OneTrigger', Key: `/space/in/${name}` },
  ]);

const RECORDS = EVENTS.flatMap((event) => (event as { Records?: unknown[] }).Records ?? []);

/** JSON that stands for a record: one with something wrong, or something else. */
function badRecord(next: Random): string {
  const record = JSON.stringify(pick(next, RECORDS));
  return pick(next, [mutatedValues(next, record), mutatedStrings(next, record), randomJson(next, 3)]);
}

/** An event that is JSON, of good records and bad ones in any order. */
export function mixedEvent(next: Random): { body: Buffer; good: readonly string[]; records: number } {
  const good = Array.from({ length: 1 + next(3) }, (_, index) => `${GOOD}${index}.txt`);
  const records = good.map((name) => JSON.stringify(goodRecord(next, name)));
  for (let bad = next(4); bad > 0; bad--) records.splice(next(records.length + 1), 0, badRecord(next));
  return { body: Buffer.from(`{"Records":[${records.join()}]}`), good, records: records.length };
}

/** A body that somebody may send: an event with something wrong, JSON, base64, nests, noise. */
export function hostileBody(next: Random): Buffer {
  switch (next(10)) {
    case 0:
      return Buffer.from(Array.from({ length: next(60) }, () => next(256)));
    case 1:
      return Buffer.from(mutatedStrings(next, JSON.stringify(pick(next, EVENTS))));
    case 2:
      return mutatedBytes(next, Buffer.from(JSON.stringify(pick(next, EVENTS))));
    case 3:
      return Buffer.from(randomJson(next, 4));
    case 4:
      return Buffer.from(nested(next));
    case 5:
      return mutatedBytes(next, Buffer.from(Buffer.from(randomJson(next, 3)).toString('base64')));
    case 6:
      return mixedEvent(next).body;
    case 7:
      return mutatedBytes(next, mixedEvent(next).body);
    default:
      return Buffer.from(mutatedValues(next, JSON.stringify(pick(next, EVENTS))));
  }
}

/** Now and then another string, and seldom: most of an event has to stay one. */
const mutatedStrings = (next: Random, json: string) =>
  json.replace(/"(?:[^"\\]|\\.)*"/g, (text) =>
    next(25) === 0 ? JSON.stringify(next(3) === 0 ? pick(next, NAMES) : pick(next, KEYS)) : text,
  );

/** Values of any kind in the place of others. */
function mutatedValues(next: Random, json: string): string {
  const name = pick(next, NAMES);
  return json.replace(/"(\w+)":("(?:[^"\\]|\\.)*"|[\w.+-]+|\[\]|\{\})/g, (member, found: string, value: string) => {
    if (found !== name && next(20) > 0) return member;
    return `"${found}":${pick(next, [value, pick(next, SCALARS), JSON.stringify(pick(next, KEYS)), randomJson(next, 2)])}`;
  });
}

function mutatedBytes(next: Random, bytes: Buffer): Buffer {
  const pieces = [bytes];
  for (let i = next(4); i >= 0; i--) {
    const whole = Buffer.concat(pieces.splice(0));
    const at = next(whole.length + 1);
    const cut = pick(next, [0, 0, 1, next(20)]);
    const added = pick(next, [Buffer.of(next(256)), Buffer.from(pick(next, SCALARS)), Buffer.of(0), Buffer.alloc(0)]);
    pieces.push(whole.subarray(0, at), added, whole.subarray(at + cut));
  }
  return Buffer.concat(pieces);
}

function randomJson(next: Random, depth: number): string {
  const members = (one: () => string) => Array.from({ length: next(4) }, one).join(pick(next, [',', ' , ', ',\n']));
  switch (depth === 0 ? 0 : next(4)) {
    case 1:
      return `[${members(() => randomJson(next, depth - 1))}]`;
    case 2:
    case 3:
      return `{${members(() => `${JSON.stringify(pick(next, NAMES))}:${randomJson(next, depth - 1)}`)}}`;
    default:
      return next(2) === 0 ? pick(next, SCALARS) : JSON.stringify(pick(next, KEYS));
  }
}

/** Deeper than a stack of calls, once in a while; closed or not. */
function nested(next: Random): string {
  const times = next(200) === 0 ? 20_000 : next(50);
  const [open, close] = pick(next, [
    ['[', ']'],
    ['{"a":', '}'],
    ['{"event":', '}'],
    ['{"Records":[', ']}'],
    ['{"Records":[{"eventSource":"aws:s3","s3":', '}]}'],
    ['{"httpMethod":"GET","body":', '}'],
    ['{"storage_provider":"x","event":', '}'],
  ]);
  return open.repeat(times) + pick(next, ['1', '', ...SCALARS]) + close.repeat(pick(next, [times, times, next(50)]));
}
