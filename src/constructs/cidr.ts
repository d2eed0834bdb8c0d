import { isIP } from 'node:net';
import { check, Subject } from './checks';

/** IPv4 or IPv6 network, as NetworkPolicies take it: no bit set after the prefix, no zone, IPv4 as IPv4. */
export function checkCidr(subject: Subject, value: string): void {
  const network = parseNetwork(value);
  const allowed = 'an address and a prefix length, e.g. "10.0.0.0/8", "203.0.113.7/32" or "2001:db8::/32"';
  check(network !== undefined, subject, {
    problem: 'not a network',
    value,
    allowed,
    fix: value.includes('%')
      ? 'leave out the zone ("%" and what follows): it means something on one host only'
      : 'for one address write "/32" (IPv4) or "/128" (IPv6) after it',
  });
  check(network!.mapped === undefined, subject, {
    problem: 'an IPv4 network written as IPv6, which pods are never seen to reach',
    value,
    allowed,
    fix: `write "${network!.mapped}"`,
  });
  check(!network!.hasHostBits, subject, {
    problem: 'an address inside a network, where the network itself has to be',
    value,
    allowed,
    fix: `write "${network!.text}" for the network, or "${value.split('/')[0]}/${network!.bits}" for this address`,
  });
}

interface Network {
  /** Bits of an address: 32 or 128. */
  readonly bits: number;
  /** Without the bits after the prefix: the network itself, as it is written. */
  readonly text: string;
  /** Whether the address has bits after the prefix. */
  readonly hasHostBits: boolean;
  /** IPv4 in IPv6's clothes (`::ffff:10.0.0.0/104`): the network behind it. */
  readonly mapped?: string;
}

const MAPPED = 0xffffn << 32n;

/** `address/length`; `undefined` when it is no network. A zone (`%eth0`) belongs to an address of one host only. */
function parseNetwork(value: string): Network | undefined {
  const [address, length, ...rest] = value.split('/');
  if (rest.length || !/^(0|[1-9]\d{0,2})$/.test(length ?? '') || address.includes('%')) return undefined;
  const family = isIP(address);
  if (family !== 4 && family !== 6) return undefined;
  const bits = family === 4 ? 32 : 128;
  const prefix = Number(length);
  if (prefix > bits) return undefined;
  const number = family === 4 ? numberOf4(address) : numberOf6(address);
  const network = (number >> BigInt(bits - prefix)) << BigInt(bits - prefix);
  const text = family === 4 ? text4(network) : text6(network);
  return {
    bits,
    text: `${text}/${prefix}`,
    hasHostBits: network !== number,
    ...(family === 6 && prefix >= 96 && number >> 32n === MAPPED >> 32n
      ? { mapped: `${text4(network & 0xffffffffn)}/${prefix - 96}` }
      : {}),
  };
}

const numberOf4 = (address: string) => address.split('.').reduce((sum, part) => sum * 256n + BigInt(part), 0n);

function numberOf6(address: string): bigint {
  // A tail in IPv4's notation is two parts.
  const plain = address.replace(/[^:]*\.[^:]*$/, (tail) => {
    const number = numberOf4(tail);
    return `${(number >> 16n).toString(16)}:${(number & 0xffffn).toString(16)}`;
  });
  const [before, after] = plain.split('::').map((half) => half.split(':').filter(Boolean));
  const zeros = after === undefined ? 0 : 8 - before.length - after.length;
  const parts = [...before, ...Array<string>(zeros).fill('0'), ...(after ?? [])];
  return parts.reduce((sum, part) => (sum << 16n) + BigInt(`0x${part}`), 0n);
}

const text4 = (number: bigint) => [24n, 16n, 8n, 0n].map((shift) => (number >> shift) & 0xffn).join('.');

/** As everybody writes it: in lower case, the longest run of zeros left out. */
function text6(number: bigint): string {
  const parts = Array.from({ length: 8 }, (_, i) => ((number >> BigInt(112 - 16 * i)) & 0xffffn).toString(16));
  return new URL(`http://[${parts.join(':')}]`).hostname.slice(1, -1);
}
