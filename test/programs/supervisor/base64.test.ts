import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { assert, asyncProperty, array, nat, uint8Array } from 'fast-check';
import { base64Length, encodeBase64 } from '../../../src/programs/supervisor/base64';

const encode = (chunks: readonly Uint8Array[]) => text(Readable.from(chunks.map(Buffer.from)).pipe(encodeBase64()));

test('whatever the chunks are, it is what Buffer makes of the whole, and as long as foretold', async () => {
  await assert(
    asyncProperty(array(uint8Array({ maxLength: 20 })), async (chunks) => {
      const whole = Buffer.concat(chunks);
      const encoded = await encode(chunks);
      expect(encoded).toBe(whole.toString('base64'));
      expect(encoded).toHaveLength(base64Length(whole.length));
    }),
    { numRuns: 300 },
  );
});

test('chunks of real size, with every remainder', async () => {
  await assert(
    asyncProperty(array(nat(70_000), { minLength: 1, maxLength: 4 }), async (lengths) => {
      const chunks = lengths.map((length, i) => Buffer.alloc(length, i + 1));
      expect((await encode(chunks)) === Buffer.concat(chunks).toString('base64')).toBe(true);
    }),
    { numRuns: 20 },
  );
});

test('nothing is nothing', async () => expect(await encode([])).toBe(''));
