import { createHash } from 'node:crypto';
import { chmodSync, chownSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Certificates, makeCertificates } from './certificates';
import { freePort, run, ServerProcess, serverFolder } from './process';

/** Where Debian has Apache's modules; whoever has them elsewhere sets `APACHE_MODULES`. */
const MODULES = process.env.APACHE_MODULES ?? '/usr/lib/apache2/modules';
const NEEDED = ['mpm_event', 'authn_core', 'authn_file', 'authz_core', 'authz_user', 'auth_basic'];
NEEDED.push('dav', 'dav_fs', 'ssl', 'socache_shmcb', 'alias');

export const LOGIN = { login: 'someone', password: 'not-a-secret: ñ' };
export const TOKEN = 'not.a-secret_of~anybody';

/**
 * Apache with mod_dav: `/basic` asks for LOGIN, `/bearer` for TOKEN, `/open` for nothing, all by HTTP and HTTPS.
 * What is under `/door307/`, `/door302/` … is redirected to `/open/` at the other port.
 */
export class Apache {
  static async start(): Promise<Apache> {
    const folder = serverFolder('apache');
    const [port, securePort] = [await freePort(), await freePort()];
    for (const name of ['certs', 'files', 'locks', ...SPACES.map((space) => `files/${space}`)])
      mkdirSync(join(folder, name));
    const certificates = await makeCertificates(join(folder, 'certs'));
    const sha1 = createHash('sha1').update(LOGIN.password).digest('base64');
    writeFileSync(join(folder, 'users'), `${LOGIN.login}:{SHA}${sha1}\n`);
    writeFileSync(join(folder, 'apache.conf'), configuration(folder, port, securePort, certificates));
    if (process.getuid?.() === 0) await handOver(folder);
    const command = ['apache2', '-f', join(folder, 'apache.conf'), '-DFOREGROUND'];
    const apache = new Apache(new ServerProcess(folder, port, command), securePort, certificates.ca);
    await apache.server.start();
    return apache;
  }

  private constructor(
    readonly server: ServerProcess,
    readonly securePort: number,
    /** PEM. */
    readonly ca: string,
  ) {}

  get url(): string {
    return `http://127.0.0.1:${this.server.port}`;
  }
  get secureUrl(): string {
    return `https://127.0.0.1:${this.securePort}`;
  }

  /** Where a file lies on the disk: `basic/a/b`. */
  file(path: string): string {
    return join(this.server.folder, 'files', path);
  }
  has(path: string): boolean {
    return existsSync(this.file(path));
  }

  stop(): Promise<void> {
    return this.server.stop();
  }
}

const SPACES = ['basic', 'bearer', 'open'];

const configuration = (folder: string, port: number, securePort: number, { cert, key }: Certificates) => `
ServerName localhost
ServerRoot "${folder}"
PidFile "${folder}/pid"
ErrorLog "${folder}/error.log"
Listen 127.0.0.1:${port}
Listen 127.0.0.1:${securePort}
${NEEDED.map((name) => `LoadModule ${name}_module ${MODULES}/mod_${name}.so`).join('\n')}
${process.getuid?.() === 0 ? 'User www-data\nGroup www-data' : ''}
DocumentRoot "${folder}/files"
DavLockDB "${folder}/locks/db"
LimitRequestBody 0
<Directory "${folder}/files">
  Dav On
</Directory>
<Location "/basic">
  AuthType Basic
  AuthName test
  AuthUserFile "${folder}/users"
  Require valid-user
</Location>
<Location "/bearer">
  Require expr %{HTTP:Authorization} == 'Bearer ${TOKEN}'
</Location>
<VirtualHost *:${port}>
  ${redirects(`https://127.0.0.1:${securePort}/open`)}
</VirtualHost>
<VirtualHost *:${securePort}>
  SSLEngine on
  SSLCertificateFile "${cert}"
  SSLCertificateKeyFile "${key}"
  ${redirects(`http://127.0.0.1:${port}/open`)}
</VirtualHost>
`;

const redirects = (to: string) =>
  [301, 302, 307, 308].map((status) => `RedirectMatch ${status} ^/door${status}/(.*)$ ${to}/$1`).join('\n  ');

/** Apache's workers are never root. */
async function handOver(folder: string): Promise<void> {
  const id = async (which: string) => Number(await run('id', [which, 'www-data']));
  const [user, group] = [await id('-u'), await id('-g')];
  chmodSync(folder, 0o755);
  for (const name of ['locks', 'files', ...SPACES.map((space) => `files/${space}`)])
    chownSync(join(folder, name), user, group);
}
