import { rawType } from '../../../../src/programs/supervisor/serve/accept';

const ZIP = 'application/zip';
const BYTES = 'application/octet-stream';

test.each([
  // Nothing is asked for.
  [undefined, 'image/png', undefined],
  ['', 'image/png', undefined],
  ['*/*', 'image/png', undefined],
  ['text/plain', 'image/png', undefined],
  ['text/*', 'image/png', undefined],
  // Bytes.
  [BYTES, 'image/png', BYTES],
  ['Application/Octet-Stream', 'image/png', BYTES],
  [`${BYTES}, */*`, 'image/png', BYTES],
  [`${BYTES};q=0.5, text/plain`, 'image/png', undefined],
  [`${BYTES};q=0.5, text/*;q=0.4`, 'image/png', BYTES],
  [`${BYTES};q=0`, 'image/png', undefined],
  ['application/*', BYTES, BYTES],
  // The data's own type.
  ['image/png', 'image/png', 'image/png'],
  ['image/*', 'image/png', 'image/png'],
  ['image/jpeg', 'image/png', undefined],
  ['image/png;q=0', 'image/png', undefined],
  ['image/*, image/png;q=0', 'image/png', undefined],
  ['image/*;q=0, image/png', 'image/png', 'image/png'],
  [`image/png, ${BYTES}`, 'image/png', 'image/png'],
  [`image/png;q=0.1, ${BYTES}`, 'image/png', BYTES],
  [`image/webp, ${BYTES};q=.1`, 'image/png', BYTES],
  ['application/json', 'application/json', 'application/json'],
  ['application/json; profile="x"; q=0.9', 'application/json', 'application/json'],
  ['text/plain', 'text/plain', undefined],
  [`text/plain, ${BYTES};q=0.9`, 'text/plain', undefined],
  ['text/csv', 'text/csv', 'text/csv'],
  ['text/*', 'text/csv', undefined],
  ['text/*', 'text/plain', undefined],
  // A zip.
  [ZIP, ZIP, ZIP],
  [`${ZIP}, */*`, ZIP, ZIP],
  ['application/*, */*', ZIP, undefined],
  [`${ZIP};q=0, */*`, ZIP, undefined],
  [`${ZIP}, */*`, 'image/png', undefined],
  ['text/csv;q=0.5, text/plain', 'text/csv', undefined],
  // Named beside anything: more than that, or it says nothing (the last but one is axios' default, the last a browser's).
  ['image/png, */*', 'image/png', undefined],
  ['image/png, */*;q=0.8', 'image/png', 'image/png'],
  ['image/png, */*;q=0', 'image/png', 'image/png'],
  ['application/json, text/plain, */*', 'application/json', undefined],
  ['application/json, text/plain, */*', 'text/plain', undefined],
  ['text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8', 'text/html', 'text/html'],
  // Nothing of it is there: base64, for clients of upstream's that ask for anything.
  ['video/mp4', 'image/png', undefined],
  ['*/*;q=0', 'image/png', undefined],
  // No weight, or a strange one.
  ['image/png;q=', 'image/png', undefined],
  ['image/png;q=2', 'image/png', undefined],
  ['image/png;q=x', 'image/png', undefined],
  [',;,q=1,image,/,*', 'image/png', undefined],
])('Accept: %s, the data is %s → %s', (accept, own, type) => expect(rawType(accept, own)).toBe(type));
