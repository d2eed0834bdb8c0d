import { InvocationError } from '../../../../src/programs/supervisor/failure';
import { Meaning, meaningOf } from '../../../../src/programs/supervisor/input/event';
import type { EventInput, EventObject } from '../../../../src/programs/supervisor/input/input';

/** Events as the storages send them. */
type Fields = Record<string, unknown>;

export const minioRecord = (key: string, more: Fields = {}) => ({
  eventVersion: '2.0',
  eventSource: 'minio:s3',
  awsRegion: '',
  eventTime: '2026-11-22T10:23:44.123Z',
  eventName: 's3:ObjectCreated:Put',
  userIdentity: { principalId: 'oscar' },
  requestParameters: { principalId: 'oscar', region: '', sourceIPAddress: '10.244.0.0' },
  responseElements: { 'x-amz-request-id': '153C9A7A7A3FB6AE', 'x-minio-origin-endpoint': 'http://10.244.1.3:9000' },
  s3: {
    s3SchemaVersion: '1.0',
    configurationId: 'Config',
    bucket: { name: 'images', ownerIdentity: { principalId: 'oscar' }, arn: 'arn:aws:s3:::images' },
    object: { key, size: 1019645, eTag: 'dd20b7e4b74467ff16ce2d901c054419', sequencer: '153C9A7A7A3FB6AE' },
  },
  source: { host: '10.244.0.0', port: '', userAgent: 'MinIO (linux; amd64) minio-go/v7.0.0' },
  ...more,
});

export const minioEvent = (...records: unknown[]) => ({
  EventName: 's3:ObjectCreated:Put',
  Key: 'images/in/photo.jpg',
  Records: records.length > 0 ? records : [minioRecord('in%2Fphoto.jpg')],
});

export const s3Record = (key: string, more: Fields = {}) => ({
  eventVersion: '2.1',
  eventSource: 'aws:s3',
  awsRegion: 'eu-west-1',
  eventTime: '2026-11-22T11:40:46.473Z',
  eventName: 'ObjectCreated:Put',
  s3: {
    s3SchemaVersion: '1.0',
    bucket: { name: 'example-bucket', arn: 'arn:aws:s3:::example-bucket' },
    object: { key, size: 999, eTag: 'x', sequencer: '0055AED6DCD90281E5' },
  },
  ...more,
});

export const onedataEvent = (Key: unknown = '/my-space/files/file.txt', record: Fields = {}) => ({
  Key,
  Records: [
    {
      objectKey: 'file.txt',
      objectId: '0000034500046EE9C6775',
      eventTime: '2026-02-07T09:51:04.347823',
      eventSource: 'OneTrigger',
      ...record,
    },
  ],
});

export const dcacheEvent = (file_path: unknown = '/Users/someone/in/image1.jpg', record: Fields = {}) => ({
  Records: [{ file_path, timestamp: '1677592091', eventSource: 'dcacheTrigger', ...record }],
});

export const inotifyEvent = (name: unknown = 'image2.jpg', mask: unknown = ['IN_CLOSE_WRITE']) => ({
  event: { name, mask },
  subscription: 'https://dcache.example.org:3880/api/v1/events/channels/x/subscriptions/inotify/y',
});

export const gatewayEvent = (body: unknown, contentType?: string | null, more: Fields = {}) => ({
  body,
  headers: {
    Accept: '*/*',
    ...(contentType === undefined ? {} : { 'Content-Type': contentType }),
    Host: 'example.org',
  },
  httpMethod: 'POST',
  isBase64Encoded: false,
  path: '/launch',
  queryStringParameters: null,
  requestContext: { stage: 'prod' },
  resource: '/{proxy+}',
  ...more,
});

export const json = (value: unknown) => JSON.stringify(value);

/** What text of no declared type means. */
export const meaning = (body: unknown, kind: 'json' | 'text' = 'text'): Meaning =>
  meaningOf(kind, Buffer.from(typeof body === 'string' ? body : json(body)));

export function event(body: unknown): EventInput {
  const found = meaning(body);
  if (found.kind !== 'event') throw new Error('data, and no event');
  return found;
}

/** The one object of an event. */
export function object(body: unknown): EventObject {
  const { objects, skipped, broken } = event(body);
  expect(skipped).toEqual([]);
  expect(broken).toEqual([]);
  expect(objects).toHaveLength(1);
  return objects[0];
}

/** The data as text. */
export function data(body: unknown, kind: 'json' | 'text' = 'text'): string {
  const found = meaning(body, kind);
  if (found.kind !== 'data') throw new Error('an event, and no data');
  return found.content.toString('utf8');
}

/** Sentence of the error for an input that can't be used. */
export function refused(read: () => unknown): string {
  try {
    read();
  } catch (error) {
    expect(error).toBeInstanceOf(InvocationError);
    expect(error).toMatchObject({ kind: 'input', exitCode: 1 });
    return (error as Error).message;
  }
  throw new Error('not refused');
}
