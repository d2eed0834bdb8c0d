import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from './process';

export interface Certificates {
  /** PEM of the authority. */
  readonly ca: string;
  /** PEM files of the server's certificate and key. */
  readonly cert: string;
  readonly key: string;
}

/** A throwaway authority, and a certificate of it for 127.0.0.1, `localhost` and its subdomains in `names`. */
export async function makeCertificates(folder: string, ...names: string[]): Promise<Certificates> {
  const at = (name: string) => join(folder, name);
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-noenc', '-days', '2'];
  const subjects = ['IP:127.0.0.1', 'DNS:localhost', ...names.map((name) => `DNS:${name}.localhost`)];
  writeFileSync(at('san'), `subjectAltName=${subjects.join(',')}\n`);
  await run('openssl', [
    'req',
    '-x509',
    ...key,
    '-subj',
    '/CN=authority',
    '-keyout',
    at('ca.key'),
    '-out',
    at('ca.crt'),
  ]);
  await run('openssl', ['req', ...key, '-subj', '/CN=server', '-keyout', at('private.key'), '-out', at('server.csr')]);
  const authority = ['-CA', at('ca.crt'), '-CAkey', at('ca.key'), '-days', '2', '-extfile', at('san')];
  await run('openssl', ['x509', '-req', '-in', at('server.csr'), ...authority, '-out', at('public.crt')]);
  return { ca: readFileSync(at('ca.crt'), 'utf8'), cert: at('public.crt'), key: at('private.key') };
}
