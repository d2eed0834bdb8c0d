import { Transform } from 'node:stream';

/** Three bytes are four characters. */
const GROUP = 3;

/** Length of `bytes` bytes in base64, padded. */
export function base64Length(bytes: number): number {
  return Math.ceil(bytes / GROUP) * 4;
}

/** Bytes in, base64 out: the standard alphabet, padded, without line breaks (RFC 4648, section 4). */
export function encodeBase64(): Transform {
  let rest: Buffer = Buffer.alloc(0);
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
      const whole = bytes.length - (bytes.length % GROUP);
      rest = bytes.subarray(whole);
      done(null, Buffer.from(bytes.toString('base64', 0, whole), 'latin1'));
    },
    flush(done) {
      done(null, rest.toString('base64'));
    },
  });
}
