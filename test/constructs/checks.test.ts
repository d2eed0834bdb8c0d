import { BlockList, isIP } from 'node:net';
import fc from 'fast-check';
import * as checks from '../../src/constructs/checks';
import { checkCidr } from '../../src/constructs/cidr';
import { DeclarationError } from '../../src/constructs/errors';
import { WORK_DIR } from '../../src/contract';
import { refusal } from './service-fixture';

const subject = { service: 'cowsay', field: ['field'] };

/** Values that are taken and values that are refused, by rule. */
const RULES: Record<string, { check: (value: never) => void; good: unknown[]; bad: unknown[] }> = {
  'label name': {
    check: (value: string) => checks.checkLabelName(subject, value),
    good: ['a', '0a', 'a-b', 'a'.repeat(63)],
    bad: ['', '-a', 'a-', 'A', 'a.b', 'a_b', 'a'.repeat(64), 'ä', 'a\n'],
  },
  'service name': {
    check: (value: string) => checks.checkServiceName(subject, value, 39),
    good: ['a', 'cowsay2', 'a-0', 'a'.repeat(39)],
    bad: ['', '0a', 'a-', '-a', 'a.b', 'Cowsay', 'a'.repeat(40), 'a\n'],
  },
  subdomain: {
    check: (value: string) => checks.checkSubdomain(subject, value),
    good: ['a', 'a.b-c.0', 'a'.repeat(253)],
    bad: ['', 'a..b', '.a', 'a.', 'a.-b', 'A', 'a'.repeat(254)],
  },
  host: {
    check: (value: string) => checks.checkHost(subject, value),
    good: ['oscar.example.org', 'localhost'],
    bad: ['10.0.0.1', 'https://a.b', 'a.b:80', 'a/b', '*.a.b'],
  },
  'qualified key': {
    check: (value: string) => checks.checkQualifiedKey(subject, value),
    good: ['a', 'a.b/c_d', 'example.org/Team-1', 'x'.repeat(63)],
    bad: ['', '/a', 'a/', 'a/b/c', '-a', 'Ex.org/a', 'x'.repeat(64), 'a b'],
  },
  labels: {
    check: (value: Record<string, string>) => checks.checkLabels(subject, value),
    good: [{}, { a: '' }, { a: 'B_c.1' }],
    bad: [{ a: 'x y' }, { a: '-x' }, { a: 'x'.repeat(64) }, { 'a b': 'x' }],
  },
  annotations: {
    check: (value: Record<string, string>) => checks.checkAnnotations(subject, value),
    good: [{}, { 'Example.org/A': 'any text, of any kind\n' }],
    bad: [{ 'a b': '' }, { a: 'x'.repeat(262144) }],
  },
  cpu: {
    check: (value: string) => checks.checkQuantity(subject, value, 'cpu'),
    good: ['0.2', '1', '1.0', '500m', '.5', '2e0'],
    bad: ['', '0', '-1', '1 core', '0.0001', '1.5m', 'NaN', '1mm', '0x1', '1e-400', '1e400', '9223372036854776'],
  },
  memory: {
    check: (value: string) => checks.checkQuantity(subject, value, 'bytes'),
    good: ['256Mi', '1Gi', '1G', '1.5Gi', '1e9', '1048576', '7Ei', '9223372036854775807'],
    bad: ['', '0', '512m', '100', '1GB', '1 Gi', '-1Gi', '256mi', '1e400', '1e999999999', '8Ei', '9223372036854775808'],
  },
  'environment name': {
    check: (value: string) => checks.checkEnvironmentName(subject, value),
    good: ['A', '_a1'],
    bad: ['', '1A', 'A-B', 'A.B', 'A B', 'Ä'],
  },
  port: { check: (value: number) => checks.checkPort(subject, value), good: [1, 65535], bad: [0, 65536, 1.5, NaN, -1] },
  'node port': {
    check: (value: number) => checks.checkNodePort(subject, value),
    good: [30000, 32767],
    bad: [29999, 32768],
  },
  bucket: {
    check: (value: string) => checks.checkBucketName(subject, value),
    good: ['abc', 'a.b-c', '0'.repeat(63), 'my.bucket'],
    bad: ['', 'ab', 'a'.repeat(64), 'A-b', 'a..b', '-ab', 'ab-', '10.0.0.1', 'xn--abc', 'abc-s3alias', 'a_b', 'a.-b'],
  },
  'object path': {
    check: (value: string) => checks.checkObjectPath(subject, value),
    good: ['a', 'a/b', 'Bilder/ü ß', '...'],
    bad: ['', '/a', 'a/', 'a//b', 'a/../b', '.', 'a\\b', 'a\u0000', 'a\n', 'x'.repeat(1025), 'ü'.repeat(513)],
  },
  'mount path': {
    check: (value: string) => checks.checkMountPath(subject, value),
    good: ['/data', '/mnt/x', '/oscar/data', '/var/run/secrets/mine'],
    bad: [
      '',
      '/',
      'data',
      '/data/',
      '/a/../b',
      '/a:b',
      '/oscar',
      '/oscar/bin',
      '/oscar/bin/x',
      '/oscar/config',
      '/oscar/work',
      `${WORK_DIR}/x`,
      '/var',
      '/var/run/secrets/providers/x',
      '/proc',
      '/dev/shm',
    ],
  },
  cidr: {
    check: (value: string) => checkCidr(subject, value),
    good: [
      ...['0.0.0.0/0', '10.0.0.0/8', '203.0.113.7/32', '::/0', '2001:db8::/32', '2001:DB8:0:0::/32', '::1/128'],
      ...['64:ff9b::192.0.2.1/128', 'fe80::/64', '1:2:3:4:5:6:7:8/128'],
    ],
    bad: [
      ...['10.1.2.3/8', '2001:db8::1/32', 'fe80::1%eth0/64', 'fe80::%1/64', '::ffff:10.0.0.0/104', '::ffff:a00:1/128'],
      ...['10.0.0.0', '10.0.0.0/33', '::/129', '10.0.0/8', '10.0.0.0/08', 'a/8', '10.0.0.0/8/8', '10.0.0.0/'],
    ],
  },
  image: {
    check: (value: string) => checks.checkImage(subject, value),
    good: [
      'nginx',
      'ghcr.io/grycap/cowsay:latest',
      'localhost:5000/a/b__c',
      `a@sha256:${'0'.repeat(64)}`,
      'a:1@sha256:' + 'f'.repeat(64),
    ],
    bad: ['', 'Nginx', 'a b', 'a:', 'a@sha256:12', 'https://a/b', 'a//b', '/a', 'a:-1', 'a\n'],
  },
  url: {
    check: (value: string) => checks.checkUrl(subject, value),
    good: ['http://minio.oscar.svc:9000', 'https://s3.example.org', 'https://s3.example.org/'],
    bad: ['', 'minio:9000', 'ftp://a', 'https://a/b', 'https://a?b', 'http://'],
  },
  'secret key': {
    check: (value: string) => checks.checkSecretKey(subject, value),
    good: ['token', 'tls.crt', '.dockerconfigjson'],
    bad: ['', '.', '..', 'a/b', 'a b', 'x'.repeat(254)],
  },
};

describe.each(Object.entries(RULES))('%s', (_, { check, good, bad }) => {
  test.each(good.map((value) => [value]))('takes %j', (value) => {
    expect(() => check(value as never)).not.toThrow();
  });
  test.each(bad.map((value) => [value]))('refuses %j', (value) => {
    expect(() => check(value as never)).toThrow(DeclarationError);
    const message = refusal(() => check(value as never));
    expect(message).toMatch(/^service "cowsay": field/);
    expect(message).toMatch(/ Allowed: .* Fix: /);
  });
});

test.each([
  ['10.1.2.3/8', 'write "10.0.0.0/8" for the network, or "10.1.2.3/32" for this address'],
  ['10.0.0.1/0', 'write "0.0.0.0/0"'],
  ['2001:DB8::1/32', 'write "2001:db8::/32" for the network, or "2001:DB8::1/128" for this address'],
  ['fe80::1%eth0/64', 'leave out the zone'],
  ['::ffff:10.1.2.3/104', 'write "10.0.0.0/8"'],
  ['::ffff:a00:1/128', 'write "10.0.0.1/32"'],
  ['10.0.0.1', 'for one address write "/32"'],
])('%s: the right network is named', (value, fix) => {
  expect(refusal(() => checkCidr(subject, value))).toContain(`Fix: ${fix}`);
});

test('the network that a message proposes is one that is taken, and holds the address', () => {
  const address = fc.oneof(fc.tuple(fc.ipV4(), fc.nat(32)), fc.tuple(fc.ipV6(), fc.nat(128)));
  fc.assert(
    fc.property(address, ([ip, length]) => {
      try {
        checkCidr(subject, `${ip}/${length}`);
      } catch (error) {
        const proposed = /^write "([^"]*)"/.exec((error as DeclarationError).finding.fix!)![1];
        checkCidr(subject, proposed);
        const blocks = new BlockList();
        const [network, prefix] = proposed.split('/');
        blocks.addSubnet(network, Number(prefix), isIP(network) === 4 ? 'ipv4' : 'ipv6');
        expect(blocks.check(ip, isIP(ip) === 4 ? 'ipv4' : 'ipv6')).toBe(true);
      }
    }),
    { numRuns: 500 },
  );
});

test('a password in an address is never repeated', () => {
  const message = refusal(() => checks.checkUrl(subject, 'https://user:hunter2@minio.example.org'));
  expect(message).not.toContain('hunter2');
  expect(message).toContain('reference a Secret');
});

test('the name that a message proposes is one that is taken', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', maxLength: 80 }), (name) => {
      try {
        checks.checkServiceName(subject, name, 39);
      } catch (error) {
        const proposed = /for example "(.*)"$/.exec((error as DeclarationError).finding.fix!)?.[1];
        if (proposed !== undefined) checks.checkServiceName(subject, proposed, 39);
      }
    }),
  );
});

test('no text makes a check fail in another way than by its message', () => {
  const texts = Object.values(RULES).filter(({ good }) => typeof good[0] === 'string');
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.constantFrom(...texts), (text, { check }) => {
      try {
        check(text as never);
      } catch (error) {
        expect(error).toBeInstanceOf(DeclarationError);
      }
    }),
  );
});
