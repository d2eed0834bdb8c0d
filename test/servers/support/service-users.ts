import { sign } from 'aws4';
import { Declaration, UserDeclaration } from '../../../src/contract';
import { Report } from '../../../src/programs/provisioner/report';
import { Store } from '../../../src/programs/provisioner/store/store';
import { convergeUsers, Mc } from '../../../src/programs/provisioner/users';
import { Answer, BucketStore, exchange, Keys } from './bucket-store';
import { program } from './process';
import { declarationOf } from './store-work';

export const userOf = (service: string, more: Partial<UserDeclaration> = {}): UserDeclaration => ({
  name: `oscar.${service}`,
  secret: { namespace: 'oscar-svc', name: `${service}-minio` },
  read: [`inn/${service}/`, `oscar-bodies/${service}/`],
  write: [`out/${service}/`, `oscar-records/done/${service}/`],
  remove: [],
  list: [],
  notify: [],
  mount: [],
  ...more,
});

export const mountUserOf = (service: string, folder: string): UserDeclaration => ({
  name: `oscar.${service}.mount`,
  secret: { namespace: 'oscar-svc', name: `${service}-mount` },
  read: [],
  write: [],
  remove: [],
  list: [],
  notify: [],
  mount: [folder],
});

/** The provisioner's work on users, beside Secrets that are here. */
export class ServiceUsers {
  /** By user. */
  readonly secretKeys = new Map<string, string>();
  /** All that was logged. */
  readonly logged: string[] = [];

  constructor(
    private readonly minio: Pick<BucketStore, 'port' | 'root'>,
    readonly users: readonly UserDeclaration[],
  ) {
    for (const { name } of users) this.secretKeys.set(name, `Secret-of-${name}-41c7`);
  }

  get declaration(): Declaration {
    const at = { endpoint: `http://127.0.0.1:${this.minio.port}`, ...this.minio.root };
    return declarationOf(at, { users: this.users });
  }

  /** @returns what it says */
  async converge(declaration = this.declaration): Promise<string[]> {
    const said: string[] = [];
    const log = (_: string, message: string, fields: Readonly<Record<string, unknown>> = {}) => {
      this.logged.push(message);
      if (fields.result) said.push(message);
    };
    const store = new Store(declaration.store, this.minio.root, log);
    const work = { declaration, namespace: 'oscar', store, report: new Report(log) };
    const mc = new Mc(declaration.store, this.minio.root, log, { program: program('mc') });
    try {
      await convergeUsers(work, { mc, kubernetes: this, refused: [], log, wait: async () => undefined });
    } finally {
      store.close();
    }
    return said.sort();
  }

  keysOf(name: string): Keys {
    return { accessKey: name, secretKey: this.secretKeys.get(name)! };
  }

  /** As Kubernetes would. */
  async call(_: 'GET', path: string) {
    const user = this.users.find(({ secret }) =>
      path.endsWith(`/namespaces/${secret.namespace}/secrets/${secret.name}`),
    );
    if (!user) return { status: 404, body: { message: `no ${path}` } };
    const { accessKey, secretKey } = this.keysOf(user.name);
    const data = { accessKey, secretKey };
    return {
      status: 200,
      body: {
        data: Object.fromEntries(Object.entries(data).map(([key, one]) => [key, Buffer.from(one).toString('base64')])),
      },
    };
  }

  /** One request with a user's keys. */
  ask(
    name: string,
    method: string,
    path: string,
    body?: string,
    headers: Record<string, string> = {},
  ): Promise<Answer> {
    const { accessKey: accessKeyId, secretKey: secretAccessKey } = this.keysOf(name);
    const { port } = this.minio;
    const target = { service: 's3', region: 'us-east-1', host: `127.0.0.1:${port}`, method, path, body, headers };
    const signed = sign(target, { accessKeyId, secretAccessKey });
    const sent = body === undefined ? undefined : Buffer.from(body);
    return exchange(method, port, path, signed.headers as Record<string, string>, sent);
  }
}
