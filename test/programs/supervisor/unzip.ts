import { inflateRawSync } from 'node:zlib';

export interface Entry {
  readonly content: Buffer;
  readonly compressed: number;
  readonly modified: Date;
  readonly mode: number;
}

/** Reads a zip by its central directory, as PKWARE's APPNOTE.TXT tells, and checks lengths and checksums. */
export function unzip(zip: Buffer): Map<string, Entry> {
  const end = zip.length - 22;
  expect(zip.readUInt32LE(end)).toBe(0x06054b50);
  const entries = new Map<string, Entry>();
  let at = zip.readUInt32LE(end + 16);
  for (let left = zip.readUInt16LE(end + 10); left > 0; left--) {
    expect(zip.readUInt32LE(at)).toBe(0x02014b50);
    const [compressed, bytes] = [zip.readUInt32LE(at + 20), zip.readUInt32LE(at + 24)];
    const [nameBytes, extraBytes, commentBytes] = [28, 30, 32].map((field) => zip.readUInt16LE(at + field));
    const nameEnd = at + 46 + nameBytes;
    const name = zip.toString('utf8', at + 46, nameEnd);
    const content = contentAt(zip, zip.readUInt32LE(at + 42), compressed, zip.readUInt16LE(at + 10));
    expect(content).toHaveLength(bytes);
    expect(crc32(content)).toBe(zip.readUInt32LE(at + 16));
    expect(entries.has(name)).toBe(false);
    const modified = new Date(zip.readInt32LE(nameEnd + 5) * 1000);
    entries.set(name, { content, compressed, modified, mode: zip.readUInt16LE(at + 40) });
    at = nameEnd + extraBytes + commentBytes;
  }
  expect(at).toBe(end);
  return entries;
}

function contentAt(zip: Buffer, header: number, compressed: number, method: number): Buffer {
  expect(zip.readUInt32LE(header)).toBe(0x04034b50);
  const start = header + 30 + zip.readUInt16LE(header + 26) + zip.readUInt16LE(header + 28);
  const bytes = zip.subarray(start, start + compressed);
  return method === 8 ? inflateRawSync(bytes) : bytes;
}

function crc32(bytes: Buffer): number {
  let crc = ~0;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc >>> 0;
}
