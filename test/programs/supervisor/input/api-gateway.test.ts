import type { Data } from '../../../../src/programs/supervisor/input/event';
import { data, event, gatewayEvent, json, meaning, minioEvent, object, refused } from './events';

const base64 = (text: string) => Buffer.from(text).toString('base64');
const encoded = { isBase64Encoded: true };

describe('what is an envelope', () => {
  test.each([
    ['headers', { httpMethod: 'GET', headers: {} }],
    ['headers that are null', { httpMethod: 'GET', headers: null }],
    ['a body', { httpMethod: 'POST', body: 'aGVsbG8=' }],
    ['a request context', { httpMethod: 'GET', requestContext: {} }],
  ])('a method and %s', (_, body) => expect(meaning(body)).toMatchObject({ kind: 'data', enveloped: true }));

  test.each([
    ['a method alone', { httpMethod: 'GET' }],
    ['a method that is no text', { httpMethod: 5, body: 'aGVsbG8=' }],
    ['no method', { headers: {}, body: 'aGVsbG8=' }],
  ])('not: %s', (_, body) => {
    expect(meaning(body)).toMatchObject({ enveloped: false });
    expect(data(body)).toBe(json(body));
  });
});

describe('body', () => {
  test.each([
    ['missing', { httpMethod: 'GET', headers: {} }],
    ['null', gatewayEvent(null)],
    ['null, of a declared type', gatewayEvent(null, 'application/json')],
    ['empty', gatewayEvent('', 'application/json')],
    ['null and encoded', gatewayEvent(null, undefined, encoded)],
  ])('%s: nothing', (_, body) => expect(data(body)).toBe(''));

  test.each([
    ['base64, said so', gatewayEvent('aGVsbG8=', undefined, encoded), 'hello'],
    ['base64, said so, of a binary type', gatewayEvent('aGVsbG8', 'image/png', encoded), 'hello'],
    ['base64, said so, stays what it encodes', gatewayEvent(base64('aGVsbG8='), 'text/plain', encoded), 'aGVsbG8='],
    ['JSON in base64', gatewayEvent(base64('{"a": 1}'), 'application/json', encoded), '{"a": 1}'],
    ['JSON', gatewayEvent(' {"a": 1}', 'application/json'), ' {"a": 1}'],
    ['JSON, of a type of its own', gatewayEvent('[1]', 'application/vnd.api+json; x=y'), '[1]'],
    [
      "upstream's example: base64 of a binary type that says it is none",
      gatewayEvent('/9j/4A==', 'image/png'),
      undefined,
    ],
    ['text with base64', gatewayEvent('aGVsbG8=', 'text/plain'), 'hello'],
    ['text with JSON', gatewayEvent('1234', 'text/plain'), '1234'],
    ['no type, base64', gatewayEvent('aGVsbG8='), 'hello'],
    ['a type that is null', gatewayEvent('aGVsbG8=', null), 'hello'],
    ['a binary type that is not base64', gatewayEvent('a,b\nä,2\n', 'text/csv'), 'a,b\nä,2\n'],
    ['an object that the gateway parsed', gatewayEvent({ a: 1 }, 'application/json'), '{"a":1}'],
    ['a list that the gateway parsed', gatewayEvent([1, 2]), '[1,2]'],
    ['an envelope in the envelope', gatewayEvent(json(gatewayEvent('aGVsbG8='))), json(gatewayEvent('aGVsbG8='))],
  ])('%s', (_, body, expected) => {
    if (expected === undefined) expect((meaning(body) as Data).content).toEqual(Buffer.from([0xff, 0xd8, 0xff, 0xe0]));
    else expect(data(body)).toBe(expected);
  });

  test.each([
    [
      'not base64 though said so',
      gatewayEvent('a,b', 'text/csv', encoded),
      /^body\.body: not base64, as isBase64Enc.*byte 1, got "a,b"/,
    ],
    ['an object said to be base64', gatewayEvent({ a: 1 }, 'text/csv', encoded), /^body\.body: not base64/],
    [
      'not JSON though declared',
      gatewayEvent('aGVsbG8=', 'application/json'),
      /^body\.body: not JSON, as its Content-Type/,
    ],
    ['not JSON in base64', gatewayEvent('aGVsbG8=', 'application/json', encoded), /^body\.body: not JSON.*got "hello"/],
    ['text that is neither', gatewayEvent('hello, world'), /^body\.body: neither JSON/],
    [
      'a form of several parts',
      gatewayEvent('x', 'multipart/form-data'),
      /^body\.headers\.Content-Type: a form of several/,
    ],
    [
      'headers that are text',
      gatewayEvent('x', undefined, { headers: 'x' }),
      /^body\.headers: not as API Gateway.*got "x"/,
    ],
    [
      'a type that is a number',
      gatewayEvent('x', undefined, { headers: { 'content-type': 5 } }),
      /^body\.headers\.content-type: not as/,
    ],
    [
      'a switch that is text',
      gatewayEvent('x', undefined, { isBase64Encoded: 'true' }),
      /^body\.isBase64Encoded: not as.*true or false, or null/,
    ],
    [
      'parameters in a list',
      gatewayEvent('1', undefined, { queryStringParameters: ['a'] }),
      /^body\.queryStringParameters: not as/,
    ],
  ])('refused: %s', (_, body, message) => {
    const told = refused(() => data(body));
    expect(told).toMatch(message);
    expect(told).toMatch(/Allowed: .*Fix: /);
  });

  test.each(['Content-Type', 'content-type', 'CONTENT-TYPE'])('the header %s', (name) => {
    const body = gatewayEvent('aGVsbG8=', undefined, { headers: { [name]: 'application/json' } });
    expect(refused(() => data(body))).toMatch(/not JSON/);
  });
});

describe('events inside', () => {
  test.each([
    ['JSON', gatewayEvent(json(minioEvent()), 'application/json')],
    ['text', gatewayEvent(json(minioEvent()))],
    ['JSON in base64', gatewayEvent(base64(json(minioEvent())), 'application/json', encoded)],
    ['an object', gatewayEvent(minioEvent(), 'application/json')],
  ])('%s', (_, body) => expect(object(body)).toEqual({ ...object(minioEvent()), event: json(minioEvent()) }));

  test('base64 that is not declared as JSON is data', () => {
    expect(data(gatewayEvent(base64(json(minioEvent())), 'text/plain', encoded))).toBe(json(minioEvent()));
  });

  test('in a wrapper', () => {
    const wrapped = { event: minioEvent(), storage_provider: 'minio.other' };
    expect(object(gatewayEvent(json(wrapped), 'application/json')).providerId).toBe('other');
    expect(object({ event: gatewayEvent(json(wrapped), 'application/json') }).providerId).toBe('other');
  });

  test('an envelope in a wrapper', () => {
    const inner = gatewayEvent(json(minioEvent()), 'application/json');
    expect(object({ event: inner }).providerId).toBeUndefined();
    expect(object({ event: inner, storage_provider: 'other' }).providerId).toBe('other');
    expect(data({ event: gatewayEvent('aGVsbG8=') })).toBe('hello');
  });
});

describe('query parameters', () => {
  const variables = (queryStringParameters: unknown, body: unknown = 'aGVsbG8=') =>
    meaning(gatewayEvent(body, undefined, { queryStringParameters })).variables;

  test.each([
    ['none', null, {}],
    ['some', { a: '1', B_2: 'x y', _c: '' }, { CONT_VAR_a: '1', CONT_VAR_B_2: 'x y', CONT_VAR__c: '' }],
    ['names that no shell takes', { 'a-b': '1', '1a': '1', '': '1', 'a b': '1', ä: '1', 'a=b': '1', 'a\n': '1' }, {}],
    ['values that no environment takes', { a: 'x\0y', b: 5, c: null, d: ['1'], e: 'fine' }, { CONT_VAR_e: 'fine' }],
    ['a name of every object', { constructor: '1' }, { CONT_VAR_constructor: '1' }],
  ])('%s', (_, parameters, expected) => expect(variables(parameters)).toEqual(expected));

  test('the name __proto__ is one like any other', () => {
    const body = json(gatewayEvent('1', undefined, { queryStringParameters: 0 })).replace(
      '"queryStringParameters":0',
      '"queryStringParameters":{"__proto__":"x"}',
    );
    expect(meaning(body).variables).toEqual({ CONT_VAR___proto__: 'x' });
  });

  test('they are there for an event in the body as well', () => {
    const body = gatewayEvent(json({ event: minioEvent() }), 'application/json', { queryStringParameters: { a: '1' } });
    expect(event(body).variables).toEqual({ CONT_VAR_a: '1' });
  });
});
