import { BindingDeclaration, BucketDeclaration, Declaration } from '../../../src/contract';
import { Report } from '../../../src/programs/provisioner/report';
import { convergeBindings, convergeBuckets } from '../../../src/programs/provisioner/store';
import { Store } from '../../../src/programs/provisioner/store/store';

export interface StoreAt {
  readonly endpoint: string;
  readonly accessKey: string;
  readonly secretKey: string;
}

export const bucket = (name: string, more: Partial<BucketDeclaration> = {}): BucketDeclaration => ({
  name,
  versioning: false,
  notifications: [],
  ...more,
});

export const binding = (service: string, path: string): BindingDeclaration => ({
  service,
  path,
  prefix: [],
  suffix: [],
});

export function declarationOf({ endpoint }: StoreAt, more: Partial<Declaration> = {}): Declaration {
  const credentials = { secretName: 'root', keys: { accessKey: 'rootUser', secretKey: 'rootPassword' } };
  const store = { endpoint, region: 'us-east-1', verify: true, external: false, credentials };
  return { platform: 'oscar', store, secrets: [], buckets: [], users: [], bindings: [], ...more };
}

/** The provisioner's work on a store, without Kubernetes. @returns what it says, `result: what` */
export async function convergeStore(at: StoreAt, more: Partial<Declaration> = {}): Promise<string[]> {
  const declaration = declarationOf(at, more);
  const said: string[] = [];
  const log = (_: string, message: string, fields: Readonly<Record<string, unknown>> = {}) => {
    if (fields.result) said.push(message);
  };
  const store = new Store(declaration.store, at, log);
  const work = { declaration, namespace: 'oscar', store, report: new Report(log) };
  try {
    await convergeBindings(work, await convergeBuckets(work));
  } finally {
    store.close();
  }
  return said.sort();
}
