import fc from 'fast-check';
import { ENVIRONMENT_VARIABLE_MAX_BYTES } from '../../../../src/contract';
import { tell, Upload } from '../../../../src/programs/manager/events/message';
import { eventText } from '../../../../src/programs/manager/jobs/event-variable';
import { eventOf } from '../services';

const upload = (record: object) => (tell(record) as { upload: Upload }).upload;

test('the event with this record alone, as it came', () => {
  const event = eventOf('pictures', 'in/a b.jpg');
  expect(JSON.parse(eventText(upload(event.Records[0])))).toEqual(event);
});

test('what is too long for a variable is cut to what tells of the object', () => {
  const [record] = eventOf('pictures', 'in/a.jpg').Records;
  const userMetadata = Object.fromEntries(Array.from({ length: 2000 }, (_, i) => [`x-amz-meta-${i}`, 'ü'.repeat(50)]));
  const long = { ...record, s3: { ...record.s3, object: { ...record.s3.object, userMetadata, versionId: 'v1' } } };
  const text = eventText(upload(long));
  expect(Buffer.byteLength(`EVENT=${text}`)).toBeLessThanOrEqual(ENVIRONMENT_VARIABLE_MAX_BYTES);
  expect(JSON.parse(text)).toMatchObject({
    Key: 'pictures/in/a.jpg',
    Records: [
      {
        eventSource: 'minio:s3',
        eventName: 's3:ObjectCreated:Put',
        s3: { bucket: { name: 'pictures' }, object: { key: 'in%2Fa.jpg', size: 12, versionId: 'v1' } },
      },
    ],
  });
});

test('what is nested too deep to be written, too', () => {
  const [record] = eventOf('pictures', 'in/a.jpg').Records;
  const deep = JSON.parse(`${'['.repeat(20_000)}${']'.repeat(20_000)}`);
  const event = JSON.parse(eventText(upload({ ...record, deep, eventVersion: deep })));
  expect(event.Records[0]).toEqual({
    ...{ eventSource: 'minio:s3', eventTime: record.eventTime, eventName: record.eventName },
    s3: { bucket: { name: 'pictures' }, object: record.s3.object },
  });
});

test('any key survives', () => {
  const key = fc.string({ unit: 'binary', minLength: 1, maxLength: 250 }).filter((it) => !/(^|\/)\.{0,2}$|\0/.test(it));
  fc.assert(
    fc.property(key, (it) => {
      const [record] = JSON.parse(eventText(upload(eventOf('b-1', it).Records[0]))).Records;
      expect(decodeURIComponent(record.s3.object.key.replaceAll('+', ' '))).toBe(it);
    }),
  );
});
