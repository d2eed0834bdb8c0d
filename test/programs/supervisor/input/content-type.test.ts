import { checkEncoding, contentKind } from '../../../../src/programs/supervisor/input/content-type';
import { refused } from './events';

const kind = (type?: string) => contentKind(type, 'header Content-Type');

test.each([
  [undefined, 'text'],
  ['', 'text'],
  ['text/plain', 'text'],
  ['Text/Plain; charset=utf-8', 'text'],
  ['application/x-www-form-urlencoded', 'text'],
  ['application/json', 'json'],
  ['APPLICATION/JSON;charset=UTF-8', 'json'],
  ['  application/json ; x=y', 'json'],
  ['application/vnd.api+json', 'json'],
  ['application/cloudevents+JSON', 'json'],
  ['application/octet-stream', 'binary'],
  ['image/png', 'binary'],
  ['text/csv', 'binary'],
  ['text/html', 'binary'],
  ['application/jsonlines', 'binary'],
  ['application/json-patch', 'binary'],
  ['application/zip; name="a+json"', 'binary'],
  ['no type at all', 'binary'],
])('%j is read as %s', (type, expected) => expect(kind(type)).toBe(expected));

test.each(['multipart/form-data; boundary=x', 'Multipart/Mixed'])('%s is refused, with what to send', (type) => {
  const message = refused(() => kind(type));
  expect(message).toMatch(/^header Content-Type: a form of several parts is not read, got "multipart\//);
  expect(message).toMatch(/Fix: send the file itself.*octet-stream/);
});

describe('Content-Encoding', () => {
  const check = (encoding?: string) => checkEncoding(encoding, 'header Content-Encoding');

  test.each([undefined, '', 'identity', ' Identity ', 'identity, identity'])('%j is none', (encoding) => {
    expect(() => check(encoding)).not.toThrow();
  });

  test.each(['gzip', 'GZIP', 'br', 'identity, gzip', 'gzip, identity', 'aws-chunked', 'x\n'])(
    '%j is refused',
    (encoding) => {
      const told = refused(() => check(encoding));
      expect(told).toMatch(
        /^header Content-Encoding: a compressed body is not read, got ".*Fix: send the body uncompressed/,
      );
    },
  );
});
