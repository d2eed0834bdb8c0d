import { KubernetesObject, inApplyOrder, ObjectIndex, referenceTo } from '../../src/synth/objects';

const object = (kind: string, name = 'x', more: object = {}): KubernetesObject => ({
  apiVersion: 'v1',
  kind,
  metadata: { name, namespace: 'n' },
  ...more,
});

test('what others refer to comes first; unknown kinds come last; one kind keeps its order', () => {
  const kinds = ['Whatever', 'Deployment', 'Service', 'ConfigMap', 'PersistentVolumeClaim', 'RoleBinding', 'Role'];
  const more = ['ServiceAccount', 'NetworkPolicy', 'Namespace', 'HorizontalPodAutoscaler', 'PersistentVolume'];
  const ordered = inApplyOrder([...kinds, ...more].map((kind) => object(kind)));
  expect(ordered.map(({ kind }) => kind)).toEqual([
    ...['Namespace', 'NetworkPolicy', 'ServiceAccount', 'Role', 'RoleBinding', 'ConfigMap', 'PersistentVolume'],
    ...['PersistentVolumeClaim', 'Service', 'Deployment', 'HorizontalPodAutoscaler', 'Whatever'],
  ]);
  const names = inApplyOrder(['b', 'a', 'c'].map((name) => object('Service', name)));
  expect(names.map(({ metadata }) => metadata.name)).toEqual(['b', 'a', 'c']);
});

test('a reference has a namespace only where the object has one', () => {
  expect(referenceTo(object('Service'))).toEqual({ apiVersion: 'v1', kind: 'Service', namespace: 'n', name: 'x' });
  const cluster = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'x' } };
  expect(referenceTo(cluster)).toStrictEqual({ apiVersion: 'v1', kind: 'Namespace', name: 'x' });
});

describe('one name for two objects', () => {
  test('is refused, naming both files', () => {
    const index = new ObjectIndex();
    index.add(object('Service'), 'a.yaml');
    expect(() => index.add(object('Service'), 'b.yaml', 'cowsay')).toThrow(
      'service "cowsay": two objects are Service "x" in namespace "n": one of a.yaml, one of b.yaml, got "x". Fix:',
    );
  });
  test('is refused over versions of one API group', () => {
    const index = new ObjectIndex();
    index.add({ ...object('Ingress'), apiVersion: 'networking.k8s.io/v1' }, 'a.yaml');
    const other = { ...object('Ingress'), apiVersion: 'networking.k8s.io/v1beta1' };
    expect(() => index.add(other, 'a.yaml')).toThrow('two objects are');
  });
  test('is fine in another namespace, kind or group', () => {
    const index = new ObjectIndex();
    index.add(object('Service'), 'a.yaml');
    index.add(object('Service', 'x', { metadata: { name: 'x', namespace: 'm' } }), 'a.yaml');
    index.add(object('Service', 'x', { metadata: { name: 'x' } }), 'a.yaml');
    index.add(object('Pod'), 'a.yaml');
    index.add({ ...object('Service'), apiVersion: 'serving.knative.dev/v1' }, 'a.yaml');
  });
});

describe('sizes', () => {
  const MiB = 1024 * 1024;
  const add = (value: KubernetesObject) => new ObjectIndex().add(value, 'a.yaml', 'cowsay');
  test('a ConfigMap of 1 MiB is the largest', () => {
    add(object('ConfigMap', 'x', { data: { a: 'é'.repeat(MiB / 2) } }));
    expect(() => add(object('ConfigMap', 'x', { data: { a: 'é'.repeat(MiB / 2), b: '1' } }))).toThrow(
      'service "cowsay": ConfigMap "x" in namespace "n" is too large: 1048577 bytes. Allowed: 1048576 bytes',
    );
  });
  test('binary data counts as what it decodes to', () => {
    const base64 = (bytes: number) => Buffer.alloc(bytes).toString('base64');
    add(object('ConfigMap', 'x', { binaryData: { a: base64(MiB) } }));
    expect(() => add(object('ConfigMap', 'x', { binaryData: { a: base64(MiB + 1) } }))).toThrow('too large');
  });
  test('any object of 1.5 MiB is the largest', () => {
    add(object('Whatever', 'x', { spec: 'a'.repeat(1.5 * MiB - 200) }));
    expect(() => add(object('Whatever', 'x', { spec: 'a'.repeat(1.5 * MiB) }))).toThrow('too large');
    // Shorter in YAML than as the JSON that goes to the cluster.
    expect(() => add(object('Whatever', 'x', { spec: 'a\n'.repeat(MiB / 2) + '\n'.repeat(MiB / 4) }))).toThrow(
      'too large',
    );
  });
});

test('a value that no manifest can hold is the declaration’s fault', () => {
  const broken = object('ConfigMap', 'x', { data: { a: '\ud800' } });
  expect(() => new ObjectIndex().add(broken, 'a.yaml')).toThrow(
    'ConfigMap "x" in namespace "n" has a value that no manifest can hold: a: broken Unicode',
  );
});
