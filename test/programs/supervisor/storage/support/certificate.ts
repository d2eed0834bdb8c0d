import { createHash, generateKeyPairSync, sign } from 'node:crypto';

export interface Identity {
  /** PEM. */
  readonly key: string;
  readonly cert: string;
}

/** A certificate authority, and a server's certificate that it signed (RFC 5280), for these names and addresses. */
export function certificates(
  names: readonly string[],
  addresses: readonly string[],
): { ca: Identity; server: Identity } {
  const ca = issue('test authority', [extension('551d13', sequence(Buffer.from('0101ff', 'hex')))]);
  const alternatives = sequence(
    ...names.map((name) => tlv(0x82, Buffer.from(name))),
    ...addresses.map((address) => tlv(0x87, Buffer.from(address.split('.').map(Number)))),
  );
  return { ca, server: issue('test server', [extension('551d11', alternatives)], ca) };
}

function issue(name: string, extensions: Buffer[], issuer?: Identity): Identity {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const spki = publicKey.export({ type: 'spki', format: 'der' });
  const subject = distinguished(name);
  const day = 86_400_000;
  const body = sequence(
    tlv(0xa0, integer(2)),
    tlv(0x02, createHash('sha256').update(spki).digest().subarray(0, 8).fill(1, 0, 1)),
    ECDSA_SHA256,
    issuer ? distinguished('test authority') : subject,
    sequence(time(Date.now() - day), time(Date.now() + 365 * day)),
    subject,
    spki,
    tlv(0xa3, sequence(...extensions)),
  );
  const key = issuer?.key ?? privateKey;
  const signature = tlv(0x03, Buffer.concat([Buffer.of(0), sign('sha256', body, key)]));
  return {
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
    cert: pem(sequence(body, ECDSA_SHA256, signature)),
  };
}

function tlv(tag: number, content: Buffer): Buffer {
  const { length } = content;
  const head = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 255];
  return Buffer.concat([Buffer.from([tag, ...head]), content]);
}

const sequence = (...parts: Buffer[]) => tlv(0x30, Buffer.concat(parts));
const oid = (hex: string) => tlv(0x06, Buffer.from(hex, 'hex'));
const integer = (value: number) => tlv(0x02, Buffer.of(value));
const time = (ms: number) => tlv(0x18, Buffer.from(`${new Date(ms).toISOString().replace(/[-:T]|\.\d+/g, '')}`));
const extension = (id: string, content: Buffer) => sequence(oid(id), tlv(0x04, content));
const distinguished = (name: string) => sequence(tlv(0x31, sequence(oid('550403'), tlv(0x0c, Buffer.from(name)))));
const ECDSA_SHA256 = sequence(oid('2a8648ce3d040302'));

const pem = (der: Buffer) =>
  `-----BEGIN CERTIFICATE-----\n${der.toString('base64').replace(/.{64}/g, '$&\n')}\n-----END CERTIFICATE-----\n`;
