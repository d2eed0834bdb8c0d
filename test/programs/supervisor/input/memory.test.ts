import { buildSync } from 'esbuild';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';

const MiB = 1024 * 1024;

/** The reader of bodies, and a body that is made where it is read: the heap of both is bounded. */
const program = buildSync({
  stdin: {
    contents: `
      import { parentPort, workerData } from 'node:worker_threads';
      import { meaningOf } from './event';
      const { start, unit, bytes, end } = workerData;
      const body = Buffer.from(start + unit.repeat((bytes - start.length - end.length) / unit.length) + end);
      let told;
      try {
        const { kind, objects, skipped, broken } = meaningOf('text', body);
        told = [kind, objects?.length, skipped?.length, broken?.length].join();
      } catch ({ message }) {
        told = message;
      }
      parentPort.postMessage({ bytes: body.length, told });
    `,
    resolveDir: join(__dirname, '../../../../src/programs/supervisor/input'),
  },
  bundle: true,
  platform: 'node',
  write: false,
}).outputFiles[0].text;

interface Read {
  readonly bytes: number;
  readonly told: string;
}

/** Fails with ERR_WORKER_OUT_OF_MEMORY where more than a few bodies' worth is held on the heap. */
function read(start: string, unit: string, end: string): Promise<Read> {
  const worker = new Worker(program, {
    eval: true,
    workerData: { start, unit, bytes: 8 * MiB, end },
    resourceLimits: { maxOldGenerationSizeMb: 40, maxYoungGenerationSizeMb: 16 },
  });
  return new Promise((resolve, reject) => worker.on('message', resolve).on('error', reject));
}

const good = '{"eventSource":"aws:s3","s3":{"bucket":{"name":"abc"},"object":{"key":"a"}}}]}';

test.each([
  ['lines, and no JSON', '', '\n', '*', /^body: neither JSON \(a value is due at line 8388608, column 1\)/],
  ['skipped records', '{"Records":[', '{"eventSource":"aws:s3","eventName":"x"},', good, /^event,1,21,0$/],
  ['records of other kinds', '{"Records":[', '{"eventSource":"ceph:s3"},', good, /^event,1,21,0$/],
  ['broken records', '{"Records":[', '{"eventSource":"aws:s3"},', good, /^event,1,0,21$/],
])('8 MiB of %s take little memory', async (_, start, unit, end, message) => {
  const { bytes, told } = await read(start, unit, end);
  expect(bytes).toBeGreaterThan(8 * MiB - 100);
  expect(told).toMatch(message);
});
