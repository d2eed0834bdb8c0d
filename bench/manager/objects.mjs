// Objects like those of an environment: the example service `grayscale`, under other names, and Jobs of its kind.
import { randomBytes } from 'node:crypto';

/** Where the example's own names stand. */
const EXAMPLE = /grayscale/g;
/** A bucket of its own for each service. */
const EXAMPLE_BUCKET = /pictures\//g;
export const NAMESPACE = 'oscar-svc';

export const serviceName = (index) => `service-${String(index).padStart(4, '0')}`;

/** Objects of one service. @param yaml of the example's file, as synthesis writes it @param parse of all its documents */
export function serviceObjects(yaml, parse, name) {
  const text = yaml.replace(EXAMPLE, name).replace(EXAMPLE_BUCKET, `${name}/`);
  const kinds = ['ConfigMap', 'PodTemplate', 'Deployment'];
  return parse(text).filter(({ kind }) => kinds.includes(kind));
}

/** The message that MinIO sends when a file was uploaded: 1.1 KiB. */
export function eventOf(service, file) {
  const at = new Date().toISOString();
  const key = `in/${file}.png`;
  const request = randomBytes(8).toString('hex').toUpperCase();
  const userMetadata = { 'content-type': 'image/png' };
  const object = {
    key: encodeURIComponent(key),
    size: 1024,
    eTag: request.repeat(2).toLowerCase(),
    contentType: 'image/png',
  };
  const principal = { principalId: 'a-user-of-the-store' };
  return {
    EventName: 's3:ObjectCreated:Put',
    Key: `${service}/${key}`,
    Records: [
      {
        ...{ eventVersion: '2.0', eventSource: 'minio:s3', awsRegion: 'us-east-1', eventTime: at },
        ...{ eventName: 's3:ObjectCreated:Put', userIdentity: principal },
        requestParameters: { ...principal, region: 'us-east-1', sourceIPAddress: '10.244.1.17' },
        responseElements: {
          'x-amz-id-2': randomBytes(32).toString('hex'),
          'x-amz-request-id': request,
          'x-minio-deployment-id': '8b5f3a1e-5a0b-4a0e-9a53-7f1f6e0c2d4b',
          'x-minio-origin-endpoint': 'http://oscar-minio.oscar.svc:9000',
        },
        s3: {
          ...{ s3SchemaVersion: '1.0', configurationId: 'Config' },
          bucket: { name: service, ownerIdentity: principal, arn: `arn:aws:s3:::${service}` },
          object: { ...object, userMetadata, sequencer: request },
        },
        source: {
          host: '10.244.1.17',
          port: '',
          userAgent: 'MinIO (linux; amd64) minio-go/v7.0.95 mc/RELEASE.2025-08-13',
        },
      },
    ],
  };
}
