import { truncateSync } from 'node:fs';
import type { OutputFile } from '../../../../src/programs/supervisor/invocation';
import { Output } from '../output';
import { unzip } from '../unzip';
import { Pod } from './pod';

const MIB = 1024 * 1024;

let output: Output;
let pod: Pod;
beforeEach(async () => {
  output = new Output();
  pod = await new Pod().start();
});
afterEach(async () => {
  await pod.stop();
  output.remove();
});

describe('replies as the client accepts them', () => {
  const reply = async (accept: string | undefined, names: readonly string[]) => {
    const answer = pod.ask('POST', '/', accept === undefined ? {} : { accept }, 'x');
    const files = names.map((name) => output.file(name, `in ${name}`));
    (await pod.call(0)).end(output.outcome({ files }));
    return answer;
  };
  const TEXT = 'text/plain; charset=utf-8';
  const attachment = (name: string) => `attachment; filename*=UTF-8''${name}`;

  test.each([
    [undefined, 'cow.png', TEXT, undefined, 'aW4gY293LnBuZw=='],
    ['*/*', 'cow.png', TEXT, undefined, 'aW4gY293LnBuZw=='],
    ['image/jpeg', 'cow.png', TEXT, undefined, 'aW4gY293LnBuZw=='],
    ['image/png', 'cow.png', 'image/png', attachment('cow.png'), 'in cow.png'],
    ['image/*', 'COW.PNG', 'image/png', attachment('COW.PNG'), 'in COW.PNG'],
    ['application/octet-stream', 'cow.png', 'application/octet-stream', attachment('cow.png'), 'in cow.png'],
    ['application/octet-stream', 'no-type', 'application/octet-stream', attachment('no-type'), 'in no-type'],
    ['application/json', 'a/b.json', 'application/json', attachment('b.json'), 'in a/b.json'],
    ['text/csv', `é '"(*).csv`, 'text/csv', attachment('%C3%A9%20%27%22%28%2A%29.csv'), `in é '"(*).csv`],
    ['text/plain', 'cow.txt', TEXT, undefined, 'aW4gY293LnR4dA=='],
    ['text/css', 'a\r\nX: y.css', 'text/css', attachment('a%0D%0AX%3A%20y.css'), 'in a\r\nX: y.css'],
  ])('Accept: %s, one file %j', async (accept, name, type, disposition, content) => {
    const { status, headers, body } = await reply(accept, [name]);
    expect([status, body]).toEqual([200, content]);
    expect(headers['content-type']).toBe(type);
    expect(headers['content-disposition']).toBe(disposition);
    expect(headers['content-length']).toBe(String(Buffer.byteLength(content)));
  });

  test.each(['application/zip', 'application/octet-stream'])('Accept: %s, several files', async (accept) => {
    const peer = await pod.connect(`POST / HTTP/1.0\r\nAccept: ${accept}\r\n\r\n`);
    const files = [output.file('a', 'in a'), output.file('b/c', 'in b/c')];
    (await pod.call(0)).end(output.outcome({ files }));
    await peer.ends();
    const end = peer.received.indexOf('\r\n\r\n');
    expect(peer.received.slice(0, end)).toMatch(/^content-type: application\/zip$/im);
    expect(peer.received.slice(0, end)).toContain(attachment('cowsay.zip'));
    const entries = unzip(Buffer.from(peer.received.slice(end + 4), 'latin1'));
    expect([...entries.keys()]).toEqual(['a', 'b/c']);
  });

  test.each([undefined, '*/*', 'image/png', 'text/plain'])('Accept: %s, several files: base64', async (accept) => {
    const { headers, body } = await reply(accept, ['a', 'b.png']);
    expect(headers['content-type']).toBe(TEXT);
    expect(headers['content-disposition']).toBeUndefined();
    expect([...unzip(Buffer.from(body, 'base64')).keys()]).toEqual(['a', 'b.png']);
  });

  test.each([
    ['no file', { files: [] }],
    ['an event', { replyWithFiles: false }],
  ])('%s: the transcript, whatever is accepted', async (_, outcome) => {
    const answer = pod.ask('POST', '/', { accept: 'application/octet-stream' }, 'x');
    (await pod.call(0)).end(output.outcome(outcome));
    const { headers, body } = await answer;
    expect([headers['content-type'], body]).toEqual([TEXT, 'what the script said\n']);
    expect(headers['content-length']).toBe('21');
  });

  test.each([undefined, 'application/octet-stream'])('an empty file (%s)', async (accept) => {
    const answer = pod.ask('POST', '/', accept === undefined ? {} : { accept }, 'x');
    (await pod.call(0)).end(output.outcome({ files: [output.file('a', '')] }));
    expect(await answer).toMatchObject({ status: 200, body: '', headers: { 'content-length': '0' } });
  });
});

describe('a reply that breaks in the middle breaks the connection', () => {
  const large = () => output.file('large', 64 * MIB);
  const small = () => output.file('small', 1_000);
  const noFile = () => ({ ...small(), path: output.folder });
  const shortened = (file: OutputFile) => {
    truncateSync(file.path, file.bytes / 2);
    return file;
  };

  test.each([
    ['as base64', 'HTTP/1.1', '', () => [shortened(large())]],
    ['raw', 'HTTP/1.1', 'Accept: application/octet-stream\r\n', () => [shortened(large())]],
    ['raw, when all so far was read', 'HTTP/1.1', 'Accept: application/octet-stream\r\n', () => [shortened(small())]],
    ['as a zip', 'HTTP/1.1', '', () => [large(), noFile()]],
    ['by HTTP/1.0', 'HTTP/1.0', '', () => [large(), noFile()]],
    ['by HTTP/1.0, when all so far was read', 'HTTP/1.0', '', () => [small(), noFile()]],
  ])('%s', async (_, version, accept, files) => {
    const peer = await pod.connect(`POST / ${version}\r\nHost: pod\r\n${accept}Content-Length: 1\r\n\r\nx`);
    (await pod.call(0)).end(output.outcome({ files: files() }));
    expect(await peer.ends()).toBe('reset');
    expect(peer.received).toContain(' 200 OK');
    expect(peer.received).not.toMatch(/\r\n0\r\n\r\n$/);
    await pod.queue.empty();
    expect(pod.errors).toHaveLength(1);
  });
});
