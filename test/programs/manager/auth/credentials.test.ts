import { Credentials, credentialsIn } from '../../../../src/programs/manager/auth/credentials';
import { basic } from '../http/serving';

type Seen = Partial<Extract<Credentials, { scheme: 'basic' }> & Extract<Credentials, { scheme: 'bearer' }>> | undefined;

test.each<[string | undefined, object | undefined]>([
  [undefined, undefined],
  ['', undefined],
  [basic('oscar', 'secret'), { scheme: 'basic', user: 'oscar', password: 'secret' }],
  [basic('oscar', 'a:b:c'), { scheme: 'basic', user: 'oscar', password: 'a:b:c' }],
  [basic('jörg', 'pässwörd'), { scheme: 'basic', user: 'jörg', password: 'pässwörd' }],
  [basic('', ''), { scheme: 'basic', user: '', password: '' }],
  [basic('a', 'b').replace('Basic', 'bAsIc  '), { scheme: 'basic', user: 'a', password: 'b' }],
  [`Basic ${Buffer.from('no colon').toString('base64')}`, { scheme: 'other' }],
  ['Basic', { scheme: 'other' }],
  ['Basic ', { scheme: 'other' }],
  ['Basic !!!', { scheme: 'other' }],
  ['Bearer abc', { scheme: 'bearer', token: 'abc' }],
  ['bearer \t abc  ', { scheme: 'bearer', token: 'abc' }],
  ['Bearer', { scheme: 'other' }],
  ['Bearer a b', { scheme: 'bearer', token: 'a b' }],
  ['abc', { scheme: 'other' }],
  [' ', { scheme: 'other' }],
])('%j', (header, wanted) => {
  const seen = credentialsIn(header) as Seen;
  if (wanted) expect(seen).toEqual({ ...wanted, header });
  else expect(seen).toBeUndefined();
});

test.each(['a b', 'Bearer b', 'Basic b'])('%s and spaces, as long as a header may be, take no time', (begin) => {
  const header = `${begin}${' '.repeat(16 * 1024)}c`;
  const from = performance.now();
  for (let i = 0; i < 100; i++) credentialsIn(header);
  expect(performance.now() - from).toBeLessThan(1000);
});
