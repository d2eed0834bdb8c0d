import { KubernetesValidator } from './validator';

const container = { name: 'a', image: 'b', resources: { limits: { cpu: '1', memory: '1.5Gi' } } };
const deployment = (pod: object = {}, spec: object = {}) => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'a', namespace: 'n', labels: { a: 'b' } },
  spec: {
    replicas: 1,
    strategy: { rollingUpdate: { maxSurge: '25%', maxUnavailable: 0 } },
    selector: { matchLabels: { a: 'b' } },
    template: { metadata: { labels: { a: 'b' } }, spec: { containers: [container], ...pod } },
    ...spec,
  },
});

describe.each(['1.27', '1.34'])('the judge of Kubernetes %s', (version) => {
  const judge = new KubernetesValidator(version);

  test('takes what is right', () => expect(judge.errors(deployment())).toEqual([]));

  test.each([
    ['an unknown field', deployment({ hostnaem: 'x' }), /hostnaem/],
    ['an unknown field at the top', { ...deployment(), data: {} }, /additional properties \(data\)/],
    ['status', { ...deployment(), status: { replicas: 1 } }, /\(status\)/],
    ['a wrong type', deployment({}, { replicas: '1' }), /spec\/replicas: must be integer/],
    ['a broken number', deployment({}, { replicas: 1.5 }), /spec\/replicas/],
    ['a missing field', deployment({ containers: [{ image: 'b' }] }), /containers\/0.*'name'/],
    ['a missing metadata', { ...deployment(), metadata: undefined }, /'metadata'/],
    ['a label that is no text', { ...deployment(), metadata: { labels: { a: 1 } } }, /labels\/a: must be string/],
    [
      'a quantity that is none',
      deployment({ containers: [{ ...container, resources: { limits: { cpu: '1 core' } } }] }),
      /limits\/cpu: must match pattern/,
    ],
    [
      'a field of int or string that is neither',
      deployment({}, { strategy: { rollingUpdate: { maxSurge: [] } } }),
      /maxSurge/,
    ],
    ['a kind that nobody knows', { apiVersion: 'v1', kind: 'Pot', metadata: {} }, /no schema is kept of v1\/Pot/],
  ])('refuses %s', (_, object, message) => {
    expect(judge.errors(object as never).join('\n')).toMatch(message);
  });

  test('data in base64', () => {
    const map = (data: string) => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: {}, binaryData: { a: data } });
    expect(judge.errors(map('AAE='))).toEqual([]);
    expect(judge.errors(map('AAE'))).toHaveLength(1);
  });

  test('a claim inside a StatefulSet needs no kind of its own', () => {
    const { spec } = deployment();
    const set = {
      apiVersion: 'apps/v1',
      kind: 'StatefulSet',
      metadata: { name: 'a' },
      spec: {
        serviceName: 'a',
        selector: spec.selector,
        template: spec.template,
        volumeClaimTemplates: [{ metadata: { name: 'data' }, spec: { accessModes: ['ReadWriteOnce'] } }],
      },
    };
    expect(judge.errors(set)).toEqual([]);
    expect(
      judge.errors({ ...set, spec: { ...set.spec, volumeClaimTemplates: [{ speck: {} }] } } as never),
    ).toHaveLength(1);
  });

  test('custom resources', () => {
    const monitor = (endpoint: object) => ({
      apiVersion: 'monitoring.coreos.com/v1',
      kind: 'ServiceMonitor',
      metadata: { name: 'a', labels: { a: 'b' } },
      spec: { selector: { matchLabels: { a: 'b' } }, endpoints: [endpoint] },
    });
    expect(judge.errors(monitor({ port: 'http', path: '/metrics' }))).toEqual([]);
    expect(judge.errors(monitor({ prot: 'http' })).join()).toContain('(prot)');
    expect(judge.errors({ ...monitor({}), metadata: { nmae: 'a' } } as never).join()).toContain('(nmae)');
  });

  test('patterns with a flag of Go', () => {
    const rule = (strategy: string) => ({
      apiVersion: 'monitoring.coreos.com/v1',
      kind: 'PrometheusRule',
      metadata: { name: 'a' },
      spec: { groups: [{ name: 'a', partial_response_strategy: strategy, rules: [{ alert: 'A', expr: 'up == 0' }] }] },
    });
    for (const strategy of ['warn', 'Abort']) expect(judge.errors(rule(strategy))).toEqual([]);
    expect(judge.errors(rule('stop')).join()).toMatch(/partial_response_strategy: must match pattern/);
  });
});

test('what came after 1.27 is refused there, and taken by 1.34', () => {
  const pod = deployment({ volumes: [{ name: 'a', image: { reference: 'b' } }] });
  expect(new KubernetesValidator('1.27').errors(pod).join()).toContain('(image)');
  expect(new KubernetesValidator('1.34').errors(pod)).toEqual([]);
});
