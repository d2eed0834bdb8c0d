import type { Declaration } from '../../../src/contract';
import { BucketStore } from './bucket-store';
import { ProvisionerProcess } from './provisioner';
import { SecretApi } from './secret-api';
import { declarationOf } from './store-work';

/** What the provisioner's process works on. */
export interface Provisioned {
  readonly api: SecretApi;
  readonly provisioner: ProvisionerProcess;
  /** Empty at each test's beginning. */
  readonly minio: BucketStore;
  declaration(more: Partial<Declaration>): Declaration;
}

/** The provisioner as a process, a Kubernetes with its store's keys, and a MinIO that is made anew for each test of a file. */
export function provisioned(): Provisioned {
  let api: SecretApi;
  let provisioner: ProvisionerProcess;
  let minio: BucketStore | undefined;
  beforeAll(async () => {
    api = await SecretApi.start();
    provisioner = new ProvisionerProcess(api);
  });
  afterAll(() => {
    provisioner?.remove();
    api?.stop();
  });
  beforeEach(async () => {
    minio = await BucketStore.startFor({ port: 9, token: 'not-a-secret' });
    const { accessKey: rootUser, secretKey: rootPassword } = minio.root;
    api.secrets.clear();
    api.secrets.set('oscar/root', { rootUser, rootPassword });
  });
  afterEach(() => minio?.remove());
  return {
    get api() {
      return api;
    },
    get provisioner() {
      return provisioner;
    },
    get minio() {
      return minio!;
    },
    declaration: (more) => declarationOf({ endpoint: `http://127.0.0.1:${minio!.port}`, ...minio!.root }, more),
  };
}
