import {
  BucketDeclaration,
  contentHash,
  EVENTS_PATH,
  MANAGER_PORT,
  managerName,
  NotificationRule,
  platformSecrets,
  UPLOAD_EVENTS,
  WEBHOOK_ARN,
  WEBHOOK_TARGET,
} from '../../../contract';
import { ProgramError } from '../../common/fail';
import { quoted } from '../../supervisor/storage/words';
import { Store, StoreError } from './store';
import { attempt, isNotForUs, StoreWork } from './work';
import { childrenOf, element, parseXml, textOf, XmlElement, xmlOf } from './xml';

const QUERY = { notification: '' };

/** What the IDs of the platform's rules begin with. */
const ruleIds = (platform: string) => `oscar-cdk8s/${platform}/`;
export const isOurs = (rule: XmlElement, platform: string) => (textOf(rule, 'Id') ?? '').startsWith(ruleIds(platform));

/** Makes a declared bucket's notification document what is declared: the whole of it, and in one call. */
export async function convergeNotifications(work: StoreWork, bucket: BucketDeclaration): Promise<boolean> {
  const { declaration, store, report } = work;
  const at = `bucket ${quoted(bucket.name)}: notifications`;
  const wanted = declaredConfigurations(declaration.platform, bucket);
  return attempt(
    work,
    async () => {
      const current = await configurationsOf(store, bucket);
      if (isSame(current, wanted)) {
        if (wanted.length > 0) report.found(`${at} (${wanted.length})`);
        return;
      }
      await putConfigurations(store, bucket.name, wanted).catch((error: Error) => {
        throw isUnknownTarget(error) && !declaration.store.external ? withFix(error, declaration.platform) : error;
      });
      const lost = current.filter((rule) => !isOurs(rule, declaration.platform)).map(inWords);
      const others = lost.length > 0 ? `; removed, as they are not the platform's: ${lost.join(', ')}` : '';
      report.changed(`${at}: ${wanted.length}, where there were ${current.length}${others}`);
    },
    (error) => (isNotForUs(error) || isUnknownTarget(error) ? byHand(work, bucket) : undefined),
  );
}

/** What a bucket's whole document has to be. */
export const declaredConfigurations = (platform: string, { notifications }: BucketDeclaration): XmlElement[] =>
  notifications.map((rule) => queueConfiguration(platform, rule));

async function configurationsOf(store: Store, { name, notifications }: BucketDeclaration): Promise<XmlElement[]> {
  return notificationsOf(store, name).catch((error: Error) => {
    // A store that has none, and none is wanted.
    if (notifications.length === 0 && error instanceof StoreError && isNotForUs(error)) return [];
    throw error;
  });
}

/** All that a bucket tells of, and whom. @throws StoreError */
export async function notificationsOf(store: Store, bucket: string): Promise<XmlElement[]> {
  const what = `GET of the notifications of the bucket ${quoted(bucket)}`;
  const { text } = await store.call({ what, method: 'GET', bucket, query: QUERY });
  return [...parseXml(text).children];
}

/** The whole document at once: no upload falls between the old one and the new one. @throws StoreError */
export async function putConfigurations(store: Store, bucket: string, all: readonly XmlElement[]): Promise<void> {
  const what = `change of the notifications of the bucket ${quoted(bucket)}`;
  const body = xmlOf(element('NotificationConfiguration', all));
  await store.call({ what, method: 'PUT', bucket, query: QUERY, body });
}

function queueConfiguration(platform: string, { prefix, suffix }: NotificationRule): XmlElement {
  const rule = (name: string, value: string) =>
    value === '' ? undefined : element('FilterRule', [element('Name', name), element('Value', value)]);
  const filters = [rule('prefix', prefix), rule('suffix', suffix)].filter((one) => one !== undefined);
  return element('QueueConfiguration', [
    element('Id', `${ruleIds(platform)}${contentHash([prefix, suffix])}`),
    element('Queue', WEBHOOK_ARN),
    ...UPLOAD_EVENTS.map((event) => element('Event', event)),
    filters.length > 0 ? element('Filter', [element('S3Key', filters)]) : undefined,
  ]);
}

/** Whether two documents mean the same, whatever their order and what a store adds to them. */
export const isSame = (a: readonly XmlElement[], b: readonly XmlElement[]) =>
  JSON.stringify(a.map(meaning).sort()) === JSON.stringify(b.map(meaning).sort());

function meaning(configuration: XmlElement): string {
  const { name } = configuration;
  if (name !== 'QueueConfiguration') return xmlOf(configuration);
  const filters = childrenOf(configuration, 'Filter')
    .flatMap((filter) => childrenOf(filter, 'S3Key'))
    .flatMap((key) => childrenOf(key, 'FilterRule'))
    .map((rule) => [(textOf(rule, 'Name') ?? '').toLowerCase(), textOf(rule, 'Value') ?? ''])
    .filter(([, value]) => value !== '')
    .map((filter) => JSON.stringify(filter));
  const events = childrenOf(configuration, 'Event').map(({ text }) => text);
  // A store with a region puts it in.
  const arn = (textOf(configuration, 'Queue') ?? '').replace(/^(arn:minio:sqs:)[^:]*:/, '$1:');
  return JSON.stringify([textOf(configuration, 'Id') ?? '', arn, events.sort(), filters.sort()]);
}

/** Enough to make it again elsewhere. */
const inWords = (configuration: XmlElement) => quoted(textsIn(configuration).join(' '));
const textsIn = ({ children, text }: XmlElement): string[] =>
  children.length > 0 ? children.flatMap(textsIn) : [text];

/** MinIO, of a target that it does not know: `InvalidArgument`, and in words; others have codes of their own. */
function isUnknownTarget(error: Error): error is StoreError {
  if (!(error instanceof StoreError)) return false;
  return (
    /^(InvalidArn|ARNNotFound)$/i.test(error.code) ||
    (error.code === 'InvalidArgument' && /\bARN\b|destination/i.test(error.message))
  );
}

/** The platform's own MinIO has the target from its variables. */
const withFix = ({ message }: StoreError, platform: string) =>
  new ProgramError(
    `${message}. Fix: MinIO does not know the webhook target "${WEBHOOK_TARGET}": its pods run without the variables ` +
      `MINIO_NOTIFY_WEBHOOK_…_${WEBHOOK_TARGET} of the manifests (the Secret "${platformSecrets(platform).webhook}" is part ` +
      'of them). Apply the manifests again, and wait for the pods to be new',
  );

function byHand(
  { declaration: { platform }, namespace }: StoreWork,
  { name, notifications }: BucketDeclaration,
): string {
  const endpoint = `http://${managerName(platform)}.${namespace}.svc:${MANAGER_PORT}${EVENTS_PATH}`;
  const where = notifications.map(({ prefix, suffix }) => `${quoted(prefix)}${suffix && `…${quoted(suffix)}`}`);
  return (
    `the bucket ${quoted(name)} has to tell the manager of uploads to ${where.join(', ')}. In a MinIO: set up a webhook ` +
    `target "${WEBHOOK_TARGET}" (ARN ${WEBHOOK_ARN}) with the endpoint ${endpoint}, or another address of it that the store ` +
    `reaches, and as its auth_token the key "token" of the Secret ` +
    `"${namespace}/${platformSecrets(platform).webhook}"; then run this Job again. In a store without webhooks: have ` +
    `${UPLOAD_EVENTS.join(', ')} sent there, with that token, by other means`
  );
}
