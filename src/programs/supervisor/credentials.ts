import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PROVIDER_SECRET_KEYS, StorageType } from '../../contract';
import type { Definition } from './definition';
import { InvocationError } from './failure';
import type { OnedataSettings, ProviderSettings, S3Settings, Tls, WebdavSettings } from './storage/storage';
import { quoted } from './storage/words';

/** Where upstream's MinIO is. */
const MINIO_ENDPOINT = 'http://minio-service.minio:9000';
const REGION = 'us-east-1';

/**
 * Settings of a provider: the public half from the definition, the secret one from `<folder>/<type>.<id>/<key>`, or from
 * the definition, where upstream has it (`access_key`, `secret_key`, `session_token`; `login`, `password`, `token`).
 * @param name `<type>.<id>`, or `<type>` for the id `default`; the type in any case
 * @param folder `PROVIDERS_DIR`
 * @throws InvocationError (`configuration`), without any secret
 */
export function readProvider(name: string, definition: Definition, folder: string): ProviderSettings {
  const provider = new Provider(name, definition, folder);
  switch (provider.type) {
    case 'minio':
    case 's3':
      return s3(provider, provider.type);
    case 'webdav':
      return webdav(provider);
    case 'onedata':
      return onedata(provider);
  }
}

function s3(provider: Provider, type: 'minio' | 's3'): S3Settings {
  const region = provider.text('region') ?? REGION;
  // It is part of signatures, and of the name of Amazon's host.
  if (!/^[\w-]+$/.test(region)) throw provider.wrong('region', region, 'letters, digits, "-" and "_"');
  const written = provider.text('endpoint');
  const endpoint = written ?? (type === 'minio' ? MINIO_ENDPOINT : amazon(region));
  return {
    type,
    endpoint: provider.origin('endpoint', endpoint),
    region,
    pathStyle: type === 'minio' || (provider.flag('path_style') ?? written !== undefined),
    accessKey: provider.secret('accessKey', 'access_key'),
    secretKey: provider.secret('secretKey', 'secret_key'),
    ...defined({ sessionToken: provider.optionalSecret('sessionToken', 'session_token') }),
    tls: provider.tls(),
  };
}

const amazon = (region: string) => `https://s3.${region}.amazonaws.com${region.startsWith('cn-') ? '.cn' : ''}`;

function webdav(provider: Provider): WebdavSettings {
  const hostname = provider.needed('hostname');
  const url = provider.url('hostname', /^[a-z][a-z\d+.-]*:\/\//i.test(hostname) ? hostname : `https://${hostname}`);
  const token = provider.optionalSecret('token');
  const login = provider.optionalSecret('login');
  const password = provider.optionalSecret('password');
  const auth = token !== undefined ? { token } : login !== undefined && password !== undefined && { login, password };
  if (!auth && login !== undefined) throw provider.missing('password');
  if (!auth && password !== undefined) throw provider.missing('login');
  return { type: 'webdav', url, ...(auth ? { auth } : {}), tls: provider.tls() };
}

function onedata(provider: Provider): OnedataSettings {
  return {
    type: 'onedata',
    url: provider.origin('oneprovider_host', `https://${provider.needed('oneprovider_host')}`),
    space: provider.needed('space'),
    token: provider.secret('token'),
    tls: provider.tls(),
  };
}

/** Sent in an encoding, or not at all: any character will do. */
const NOT_IN_HEADERS = ['login', 'password', 'secretKey'];

const TYPES = Object.keys(PROVIDER_SECRET_KEYS) as StorageType[];

/** One provider's fields, wherever they stand. */
class Provider {
  readonly type: StorageType;
  private readonly name: string;
  private readonly id: string;
  private readonly folder: string;
  private readonly fields: Readonly<Record<string, unknown>>;

  constructor(written: string, definition: Definition, folder: string) {
    const [type, ...id] = written.split('.');
    this.type = type.toLowerCase() as StorageType;
    this.id = id.join('.') || 'default';
    this.name = `${this.type}.${this.id}`;
    if (!TYPES.includes(this.type)) {
      throw failure(`no storage provider of the type ${quoted(type)}. Allowed: ${TYPES.join(', ')}`);
    }
    // It may come from a request, and becomes the name of a folder.
    if (!/^[A-Za-z0-9_-][A-Za-z0-9_.-]*$/.test(this.id)) {
      throw failure(`${quoted(this.id)} is no id of a provider. Allowed: letters, digits, "-", "_" and "."`);
    }
    this.folder = join(folder, this.name);
    this.fields = own(own(definition.providers, this.type) ?? {}, this.id) ?? {};
  }

  /** A field of the definition; empty is none. Numbers stand for themselves, as YAML makes them of digits. */
  text(field: string): string | undefined {
    const value = own(this.fields, field) ?? undefined;
    if (value === undefined) return undefined;
    if (typeof value !== 'string' && typeof value !== 'number') throw this.wrong(field, typeof value, 'a text');
    return String(value).trim() || undefined;
  }

  needed(field: string): string {
    const value = this.text(field);
    if (value === undefined) {
      throw failure(`provider ${this.name}: no \`${field}\`. Fix: write it into the definition, ${this.place(field)}`);
    }
    return value;
  }

  flag(field: string): boolean | undefined {
    const value = own(this.fields, field) ?? undefined;
    if (value === undefined || value === '' || typeof value === 'boolean') return value === '' ? undefined : value;
    const text = typeof value === 'string' ? value.toLowerCase() : typeof value;
    if (text !== 'true' && text !== 'false') throw this.wrong(field, text, 'true, false');
    return text === 'true';
  }

  /** `http(s)://host[:port]` of what is written there; a path is refused. */
  origin(field: string, value: string): string {
    const url = new URL(this.url(field, value));
    if (url.pathname !== '/') throw this.wrong(field, value, 'a scheme, a host and a port, without a path');
    return url.origin;
  }

  /** A web address, without a slash at its end. One with a password in it is refused. */
  url(field: string, value: string): string {
    const url = URL.canParse(value) ? new URL(value) : undefined;
    if (url?.username || url?.password || /^[^/]*\/\/[^/]*@/.test(value)) {
      throw this.wrong(field, value, 'an address without a user and a password');
    }
    if (!url || !/^https?:$/.test(url.protocol) || url.search || url.hash) {
      throw this.wrong(field, value, 'an address such as "https://host:port"');
    }
    return url.href.replace(/\/+$/, '');
  }

  tls(): Tls {
    const ca = this.file('ca.crt');
    if (ca !== undefined && !isCertificate(ca)) {
      throw failure(`provider ${this.name}: ${join(this.folder, 'ca.crt')} holds no certificate in PEM form`);
    }
    return { verify: this.flag('verify') ?? true, ...defined({ ca }) };
  }

  /** @param field its name in a definition of upstream's */
  secret(key: string, field = key): string {
    const value = this.optionalSecret(key, field);
    if (value === undefined) throw this.missing(key, field);
    return value;
  }

  optionalSecret(key: string, field = key): string | undefined {
    const value = this.file(key) ?? this.text(field);
    if (value !== undefined && !NOT_IN_HEADERS.includes(key) && /[^ -~]/.test(value)) {
      throw failure(`provider ${this.name}: \`${key}\` has a character that no key has, such as a line break`);
    }
    return value;
  }

  missing(key: string, field = key): InvocationError {
    return failure(
      `provider ${this.name}: no \`${key}\`. Fix: put it into the provider's Secret, which is mounted as ` +
        `${join(this.folder, key)}; or, as upstream has it, into the definition, ${this.place(field)}`,
    );
  }

  /** What has an `@` may be an address with a password before it, however it is written: it is not repeated. */
  wrong(field: string, value: string, allowed: string): InvocationError {
    const shown = value.includes('@') ? '…@…' : value;
    return failure(`provider ${this.name}: ${this.place(field)} is ${quoted(shown)}. Allowed: ${allowed}`);
  }

  private place(field: string): string {
    return `\`storage_providers.${this.type}.${this.id}.${field}\``;
  }

  /** A mounted key; an empty one is none. The newline that editors and `echo` leave is no part of it. */
  private file(key: string): string | undefined {
    const path = join(this.folder, key);
    try {
      return readFileSync(path, 'utf8').replace(/\r?\n$/, '') || undefined;
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
      throw failure(`provider ${this.name}: ${path} can't be read: ${message}`);
    }
  }
}

const failure = (message: string) => new InvocationError('configuration', message);

/** What a map has itself: names come from requests, and `__proto__` is one. */
function own<T>(map: Readonly<Record<string, T>>, key: string): T | undefined {
  return Object.hasOwn(map, key) ? map[key] : undefined;
}

const defined = <T extends object>(fields: T) =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Partial<T>;

function isCertificate(pem: string): boolean {
  try {
    return new X509Certificate(pem).subject !== undefined;
  } catch {
    return false;
  }
}
