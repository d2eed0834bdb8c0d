import fc from 'fast-check';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, request } from 'node:http';
import { AddressInfo } from 'node:net';
import { basename, join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { receive } from '../../../../src/programs/supervisor/input/receive';
import { gatewayEvent, json, minioEvent } from './events';
import { InputFolder, MiB } from './input-folder';

const stream = (...chunks: (Buffer | string)[]) => Readable.from(chunks.map((chunk) => Buffer.from(chunk)));
const folder = new InputFolder();
const given = (body: Buffer | string, contentType?: string) =>
  receive({ content: stream(body), contentType }, folder.path);

describe('small bodies', () => {
  test.each(['1234', 'null', 'true', '[1,2]', '"str"', '{"event":"x"}'])(
    '%s, on which upstream fails, is a file as it stands',
    async (body) => {
      expect(await folder.text(given(body))).toBe(body);
      expect(await folder.text(given(body, 'application/json'))).toBe(body);
    },
  );

  test('JSON, base64 and bytes, by Content-Type', async () => {
    const cases: [string, string | undefined, string][] = [
      ['aGVsbG8=', undefined, 'hello'],
      ['aGVsbG8=', 'application/x-www-form-urlencoded', 'hello'],
      ['aGVsbG8=', 'application/octet-stream', 'aGVsbG8='],
      ['1234', 'text/csv', '1234'],
      [json(minioEvent()), 'application/octet-stream', json(minioEvent())],
      ['', undefined, ''],
      ['', 'application/octet-stream', ''],
    ];
    for (const [body, type, expected] of cases) {
      expect(await folder.text(given(body, type))).toBe(expected);
    }
  });

  test("files have upstream's names", async () => {
    expect(basename((await folder.file(given('1'))).input.path)).toMatch(/^event-file-[-0-9a-f]{36}$/);
    const { input } = await folder.file(
      given(json(gatewayEvent('1', undefined, { queryStringParameters: { a: 'b' } }))),
    );
    expect(basename(input.path)).toBe('api_event_file');
    expect(input.variables).toEqual({ CONT_VAR_a: 'b' });
  });

  test('an event leaves no file', async () => {
    expect(await given(json(minioEvent()))).toMatchObject({ kind: 'event', objects: [{ name: 'photo.jpg' }] });
    expect(folder.names).toEqual([]);
  });

  test.each([
    ['neither JSON nor base64', 'hello, world', undefined, /^body: neither JSON/],
    ['no JSON though declared', 'hello', 'application/json', /^body: not JSON/],
    ['no JSON at all though declared', '', 'application/json', /^body: not JSON.*it ends where a value is due/],
    ['a form', 'x', 'multipart/form-data; boundary=y', /^header Content-Type: a form of several parts/],
    ['a broken event', '{"Records":[{"eventSource":"aws:s3"}]}', undefined, /^body\.Records\[0\]\.s3/],
  ])('refused, and nothing is left: %s', async (_, body, type, message) => {
    expect(await folder.refused(given(body, type))).toMatch(message);
  });

  test.each(['application/octet-stream', undefined])('refused: what is compressed, as %j', async (contentType) => {
    const received = receive({ content: stream('1'), contentType, contentEncoding: 'gzip' }, folder.path);
    expect(await folder.refused(received)).toMatch(
      /^header Content-Encoding: a compressed body is not read, got "gzip"/,
    );
  });

  test('a stream of text is taken like one of bytes', async () => {
    expect(await folder.text(receive({ content: Readable.from(['"ä', '字"']) }, folder.path))).toBe('"ä字"');
  });

  test('how a body is cut makes no difference', async () => {
    const bodies = ['{"a": "ä字"}', 'aGVs\r\nbG8=', 'no, neither', json(minioEvent()), '', '\ufeff[1]'];
    const types = fc.constantFrom(undefined, 'application/json', 'application/octet-stream');
    const result = async (chunks: Buffer[], contentType?: string) => {
      try {
        const input = await receive({ content: stream(...chunks), contentType }, folder.path);
        if (input.kind === 'event') return input;
        const content = readFileSync(input.path);
        rmSync(input.path);
        return { bytes: input.bytes, content };
      } catch (error) {
        return (error as Error).message;
      }
    };
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...bodies), types, fc.array(fc.nat(40)), async (body, type, cuts) => {
        const whole = Buffer.from(body);
        const places = [0, ...cuts.filter((cut) => cut <= whole.length).sort((a, b) => a - b), whole.length];
        const chunks = places.slice(1).map((end, i) => whole.subarray(places[i], end));
        expect(await result(chunks, type)).toEqual(await result([whole], type));
      }),
      { numRuns: 500 },
    );
  });
});

describe('what goes wrong on the way', () => {
  test.each([
    ['small', 'abc', undefined],
    ['binary', 'abc', 'image/png'],
    ['large', 'QUJD'.repeat(3 * MiB), undefined],
  ])('a body that breaks off leaves nothing: %s', async (_, start, contentType) => {
    const content = new PassThrough();
    content.write(start);
    const received = receive({ content, contentType }, folder.path);
    setTimeout(() => content.destroy(new Error('aborted')), 20);
    expect(await folder.refused(received, 'cancelled')).toBe('the body broke off: aborted');
  });

  test('a body that is gone already is told', async () => {
    const content = new PassThrough();
    content.destroy();
    expect(await folder.refused(receive({ content }, folder.path), 'cancelled')).toMatch(/^the body broke off: /);
  });

  test('no folder: the file system tells', async () => {
    const body = { content: stream('1') };
    await expect(receive(body, join(folder.path, 'none'))).rejects.toMatchObject({ code: 'ENOENT', syscall: 'open' });
  });

  test('a file that is there already is neither written nor removed', async () => {
    writeFileSync(join(folder.path, 'api_event_file'), 'mine');
    await expect(given(json(gatewayEvent('1')))).rejects.toMatchObject({ code: 'EEXIST' });
    expect(readFileSync(join(folder.path, 'api_event_file'), 'utf8')).toBe('mine');
  });

  test.each([
    ['in the first 8 MiB', 'hello, world'],
    ['behind them', `${'QUJD'.repeat(3 * MiB)}*`],
    ['by its type', 'x', 'multipart/form-data'],
  ])('a server can still answer, and read on, when the body is refused: %s', async (_, start, type = 'text/plain') => {
    const server = createServer((incoming, response) => {
      receive({ content: incoming, contentType: incoming.headers['content-type'] }, folder.path).catch(
        (error: Error) => {
          response.writeHead(400).write(error.message);
          incoming.resume().on('end', () => response.end(' And that was all.'));
        },
      );
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const answer = await new Promise<string>((resolve, reject) => {
      const headers = { 'content-type': type };
      const client = request({ port, host: '127.0.0.1', method: 'POST', headers }, (response) => {
        let received = '';
        response
          .on('data', (chunk) => (received += chunk))
          .on('end', () => resolve(`${response.statusCode} ${received}`));
      });
      client.on('error', reject);
      client.write(start);
      client.end(', '.repeat(5 * MiB));
    });
    expect(answer).toMatch(/^400 .*Fix: .* And that was all\.$/);
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
});
