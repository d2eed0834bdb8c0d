import { ALIKE_ANNOTATION } from '../../../src/contract';
import { KubernetesAnswer } from '../../../src/programs/common/kubernetes';
import { replaceUnlikePods } from '../../../src/programs/provisioner/replace-unlike-pods';
import { Report } from '../../../src/programs/provisioner/report';
import { lines, noWait } from './api';

const OWN = { namespace: 'oscar', name: 'oscar-provisioner-b' };
const names = [0, 1, 2, 3].map((ordinal) => `oscar-minio-${ordinal}`);
const DECLARED = { statefulSet: 'oscar-minio', names, alike: 'new' };
const STATEFUL_SET = 'GET /apis/apps/v1/namespaces/oscar/statefulsets/oscar-minio';
const PODS =
  'GET /api/v1/namespaces/oscar/pods?labelSelector=app.kubernetes.io/component=minio,app.kubernetes.io/instance=oscar';

const alike = (hash?: string) => (hash ? { annotations: { [ALIKE_ANNOTATION]: hash } } : {});
const pod = (ordinal: number, hash?: string, more: object = {}) => ({
  metadata: { name: `oscar-minio-${ordinal}`, uid: `uid-${ordinal}`, ...alike(hash), ...more },
});
const deletion = (ordinal: number) =>
  `DELETE /api/v1/namespaces/oscar/pods/oscar-minio-${ordinal} ` +
  `{"apiVersion":"v1","kind":"DeleteOptions","preconditions":{"uid":"uid-${ordinal}"}}`;

const statefulSet = (hash?: string, observedGeneration: number | undefined = 2): KubernetesAnswer => ({
  status: 200,
  body: { metadata: { generation: 2 }, spec: { template: { metadata: alike(hash) } }, status: { observedGeneration } },
});
const AS_DECLARED = statefulSet('new');

interface Server {
  /** One answer after the other; then the last one. */
  readonly sets?: readonly KubernetesAnswer[];
  readonly listing?: number;
  readonly deletion?: number;
}

function store(pods: object[], { sets = [AS_DECLARED], listing = 200, deletion = 200 }: Server = {}) {
  const asked: string[] = [];
  const { log, logged } = lines();
  const left = [...sets];
  const call = async (method: 'GET' | 'DELETE', path: string, body?: unknown): Promise<KubernetesAnswer> => {
    asked.push(`${method} ${decodeURIComponent(path)}${body ? ` ${JSON.stringify(body)}` : ''}`);
    if (method === 'DELETE') return { status: deletion, body: { message: 'no' } };
    if (path.includes('/statefulsets/')) return left.length > 1 ? left.shift()! : left[0];
    return { status: listing, body: listing === 200 ? { items: pods } : { message: 'no' } };
  };
  const options = { platform: 'oscar', own: OWN, kubernetes: { call }, report: new Report(log), wait: noWait };
  return { asked, logged, run: () => replaceUnlikePods(DECLARED, options) };
}

describe("the store's pods", () => {
  test('are left alone where they are like the declared ones', async () => {
    const { asked, logged, run } = store([pod(0, 'new'), pod(1, 'new')]);
    await run();
    expect(asked).toEqual([STATEFUL_SET, PODS]);
    expect(logged).toEqual([]);
  });

  test('are ended together where they are not: each of those, and no other', async () => {
    const going = pod(3, 'old', { deletionTimestamp: '2026-03-01T10:00:00Z' });
    // With the labels, and by somebody else: nothing that it may delete.
    const stranger = { metadata: { ...pod(0, 'old').metadata, name: 'copy-of-oscar-minio' } };
    const { asked, logged, run } = store([pod(2), pod(1, 'new'), pod(0, 'old'), going, stranger]);
    await run();
    expect(asked).toEqual([STATEFUL_SET, PODS, deletion(2), deletion(0)]);
    expect(logged).toEqual([
      'info: changed: pods of the store: oscar-minio-0, oscar-minio-2 are replaced together, as they are unlike the declared ones',
    ]);
  });

  test('are not looked at before their controller knows what is declared', async () => {
    const sets = [{ status: 404, body: {} }, statefulSet('old'), statefulSet(), statefulSet('new', 1), AS_DECLARED];
    const { asked, run } = store([pod(0, 'old')], { sets });
    await run();
    expect(asked).toEqual([...Array(5).fill(STATEFUL_SET), PODS, deletion(0)]);
  });

  test('stay, with the reason, where it never does', async () => {
    const { asked, run } = store([pod(0, 'old')], { sets: [statefulSet('old')] });
    await expect(run()).rejects.toThrow(
      'the StatefulSet oscar/oscar-minio is not as this declaration has it (annotation oscar-cdk8s/alike: new). ' +
        'Fix: apply the manifests of the environment as a whole',
    );
    expect(asked).toEqual(Array(300).fill(STATEFUL_SET));
  });

  test.each([404, 409])('that are gone, or replaced meanwhile, are no failure: %d', async (status) => {
    const { run } = store([pod(0, 'old')], { deletion: status });
    await run();
  });

  test.each([
    [{ sets: [{ status: 403, body: { message: 'no' } }] }, "the StatefulSet oscar-minio can't be read: 403: no"],
    [{ listing: 403 }, "the store's pods can't be listed: 403: no"],
    [{ deletion: 403 }, "the store's pod oscar-minio-0 can't be deleted: 403: no"],
  ] as [Server, string][])('which are refused, say so: %j', async (server, message) => {
    await expect(store([pod(0, 'old')], server).run()).rejects.toThrow(message);
  });
});
