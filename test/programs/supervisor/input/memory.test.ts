import { buildSync } from 'esbuild';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

/** The reader of bodies, and a body of 8 MiB that is made where it is read. */
const program = buildSync({
  stdin: {
    contents: `
      import { meaningOf } from './event';
      const times = (8 * 1024 * 1024 - start.length - end.length) / unit.length;
      const body = Buffer.from(start + unit.repeat(times) + end);
      let told;
      try {
        const { kind, objects, skipped, broken } = meaningOf('text', body);
        told = [kind, objects?.length, skipped?.length, broken?.length].join();
      } catch ({ message }) {
        told = message;
      }
      console.log(told);
    `,
    resolveDir: join(__dirname, '../../../../src/programs/supervisor/input'),
  },
  bundle: true,
  platform: 'node',
  write: false,
}).outputFiles[0].text;

/** In a process of its own, which ends where more than a few bodies' worth is held on its heap. */
function read(start: string, unit: string, end: string): string {
  const { stdout, stderr, status } = spawnSync(process.execPath, ['--max-old-space-size=40'], {
    input: `const [start, unit, end] = ${JSON.stringify([start, unit, end])};\n${program}`,
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(stderr.slice(0, 1000));
  return stdout.trim();
}

const good = '{"eventSource":"aws:s3","s3":{"bucket":{"name":"abc"},"object":{"key":"a"}}}]}';

test.each([
  ['lines, and no JSON', '', '\n', '*', /^body: neither JSON \(a value is due at line 8388608, column 1\)/],
  ['skipped records', '{"Records":[', '{"eventSource":"aws:s3","eventName":"x"},', good, /^event,1,21,0$/],
  ['records of other kinds', '{"Records":[', '{"eventSource":"ceph:s3"},', good, /^event,1,21,0$/],
  ['broken records', '{"Records":[', '{"eventSource":"aws:s3"},', good, /^event,1,0,21$/],
])('8 MiB of %s take little memory', (_, start, unit, end, message) => expect(read(start, unit, end)).toMatch(message));
