import { createHash } from 'node:crypto';
import { deflateSync, crc32 } from 'node:zlib';
import { odd, Upload } from './jobs';

/** A PNG whose colour type is one of the two without colours: it stands after width, height and depth. */
// eslint-disable-next-line no-control-regex -- as is the type with transparency
export const GREY = /PNG\r?\n[^]*IHDR[^]{9}[\0\x04]/;

/** Uploads to the example services, and what comes of them. */

/** `find-objects`, on busybox: what stands in for darknet copies the picture and tells its checksum. */
export function frame(name: string): Upload {
  const content = `a picture of ${name}`;
  const md5 = createHash('md5').update(content).digest('hex');
  const stem = odd(name);
  return {
    path: `films/frames/deep/${stem}.jpg`,
    content,
    results: {
      [`films/objects/${stem}-objects.jpg`]: content,
      [`films/objects/${stem}.txt`]: `objects in ${content.length} bytes: ${md5}\n`,
    },
  };
}

/** `grayscale`, on Debian with ImageMagick: two results, by two outputs' filters. */
export function picture(name: string): Upload {
  return {
    path: `pictures/in/${name}.png`,
    content: redPng(64),
    results: {
      [`pictures/grey/grey-${name}.png`]: GREY,
      [`pictures/thumbnails/thumb-${name}.jpg`]: /JFIF/,
    },
  };
}

/** A red square: PNG's header, one compressed block of pixels, end. */
function redPng(size: number): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(size, 0);
  header.writeUInt32BE(size, 4);
  header.set([8, 2], 8); // eight bits of red, green and blue
  const row = Buffer.concat([Buffer.alloc(1), Buffer.alloc(size * 3).fill(Buffer.from([255, 0, 0]))]);
  const pixels = deflateSync(Buffer.concat(Array.from({ length: size }, () => row)));
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  return Buffer.concat([signature, chunk('IHDR', header), chunk('IDAT', pixels), chunk('IEND', Buffer.alloc(0))]);
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const [length, checksum] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(data.length);
  checksum.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, checksum]);
}
