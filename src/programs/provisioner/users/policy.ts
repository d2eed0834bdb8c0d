import { UserDeclaration } from '../../../contract';
import { ProgramError } from '../../common/fail';
import { quoted } from '../../supervisor/storage/words';

export interface PolicyDocument {
  readonly Version: string;
  readonly Statement: readonly Statement[];
}

export interface Statement {
  readonly Effect: 'Allow' | 'Deny';
  readonly Action: readonly string[];
  readonly Resource?: readonly string[];
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;
}

const MOUNT = [
  's3:AbortMultipartUpload',
  's3:DeleteObject',
  's3:GetObject',
  's3:ListMultipartUploadParts',
  's3:PutObject',
];

/** MinIO takes no longer ones (minio/minio, cmd/bucket-policy-handlers.go). The sweep lists folders of all services. */
const LONGEST_BYTES = 20 * 1024;
/** So many paths fit one, however long they are: a kilobyte each at most, and a bucket's name. */
const PATHS_AT_MOST = 15;

/** MinIO lets every user make access keys of its own, that stay when its secret key is changed. */
const NO_ADMIN: Statement = { Effect: 'Deny', Action: ['admin:*'] };

/**
 * Exactly what a user's declaration says, as policies of MinIO that are all attached to it: one, unless it would be too long.
 * @throws ProgramError for a path that a policy would take for a pattern
 */
export function policyDocuments(user: Omit<UserDeclaration, 'secret'>): PolicyDocument[] {
  const parts: Statement[][] = [[]];
  for (const statement of statementsOf(user)) {
    const longer = [...parts[parts.length - 1], statement];
    if (longer.length === 1 || bytesOf(document(longer)) <= LONGEST_BYTES) parts[parts.length - 1] = longer;
    else parts.push([statement]);
  }
  return parts.map(document);
}

const bytesOf = (policy: PolicyDocument) => Buffer.byteLength(JSON.stringify(policy));

const document = (statements: readonly Statement[]): PolicyDocument => ({
  Version: '2012-10-17',
  Statement: [...statements, NO_ADMIN],
});

function statementsOf(user: Omit<UserDeclaration, 'secret'>): Statement[] {
  const { name, read, write, remove, list, notify, mount } = user;
  const placesOf = (paths: readonly string[]) => paths.map((path) => placeIn(name, path));
  const mounts = placesOf(mount);
  return [
    ...allow(['s3:GetObject'], objectsIn(placesOf(read))),
    ...allow(['s3:AbortMultipartUpload', 's3:PutObject'], objectsIn(placesOf(write))),
    ...allow(['s3:DeleteObject'], objectsIn(placesOf(remove))),
    ...placesOf(list).flatMap(listOf),
    ...allow(['s3:PutBucketNotification'], notify.map(arn)),
    ...allow(MOUNT, objectsIn(mounts)),
    ...mounts.flatMap(bucketOfMount),
  ];
}

interface Place {
  readonly bucket: string;
  /** `folder/`; empty: the whole bucket. */
  readonly folder: string;
}

/** A file system looks at its bucket, and lists its own folder there. */
const bucketOfMount = (place: Place): Statement[] => [
  ...allow(['s3:GetBucketLocation'], [arn(place.bucket)]),
  ...listOf(place),
];

function listOf({ bucket, folder }: Place): Statement[] {
  const [list] = allow(['s3:ListBucket'], [arn(bucket)]);
  // Whoever lists the whole bucket may name no prefix, and a condition on it would not hold.
  const condition = folder === '' ? {} : { Condition: { StringLike: { 's3:prefix': [`${folder}*`] } } };
  return [{ ...list, ...condition }];
}

/** None where there is nothing to allow. */
function allow(Action: readonly string[], resources: readonly string[]): Statement[] {
  const statements: Statement[] = [];
  for (let from = 0; from < resources.length; from += PATHS_AT_MOST)
    statements.push({ Effect: 'Allow', Action, Resource: resources.slice(from, from + PATHS_AT_MOST) });
  return statements;
}
const objectsIn = (places: readonly Place[]) => places.map(({ bucket, folder }) => arn(`${bucket}/${folder}*`));
const arn = (path: string) => `arn:aws:s3:::${path}`;

/** `*` and `?` match anything, and MinIO puts the asker's name for `${aws:username}`. */
const PATTERN = /[*?]|\$\{/;

function placeIn(user: string, path: string): Place {
  const [bucket] = path.split('/', 1);
  const isPath = bucket !== '' && path.endsWith('/') && !PATTERN.test(path);
  if (isPath) return { bucket, folder: path.slice(bucket.length + 1) };
  throw new ProgramError(
    `user ${quoted(user)}: the path ${quoted(path)} can't stand in a policy. Allowed: "bucket/" or "bucket/folder/", ` +
      'without "*", "?" and "${". Fix: rename the folder in the environment',
  );
}

/** Whether two policies say the same, whatever the order in which a store repeats them. */
export const isSamePolicy = (a: unknown, b: unknown): boolean => canonical(a) === canonical(b);

/** Lists in a policy are sets; a set of one may stand without its brackets. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return value.length === 1 ? canonical(value[0]) : `[${value.map(canonical).sort().join()}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const entries = Object.entries(value).filter(([key, one]) => !(key === 'Sid' && one === ''));
  return `{${entries
    .map(([key, one]) => `${JSON.stringify(key)}:${canonical(one)}`)
    .sort()
    .join()}}`;
}
