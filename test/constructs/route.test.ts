import { Route, RouteProps, RouteToProps } from '../../src/constructs/route';
import { manifests, only, refusal } from '../support/platform';

const TARGET = { name: 'web', namespace: 'oscar', labels: { app: 'web' }, to: { service: 'web', port: 8080 } };
const INGRESS = { kind: 'ingress', host: 'oscar.example.org' } as const;
const GATEWAY = { kind: 'httpRoute', host: 'oscar.example.org', gateway: { name: 'public' } } as const;

const rendered = (props: Partial<RouteToProps> & { route: RouteProps }) =>
  manifests((chart) => new Route(chart, 'route', { ...TARGET, ...props }));

test('an Ingress leads the whole host to the port of the Service', () => {
  const { metadata, spec } = only(rendered({ route: INGRESS }), 'Ingress');
  expect(metadata).toEqual({ name: 'web', namespace: 'oscar', labels: { app: 'web' } });
  expect(spec).toEqual({
    rules: [
      {
        host: 'oscar.example.org',
        http: {
          paths: [{ path: '/', pathType: 'Prefix', backend: { service: { name: 'web', port: { number: 8080 } } } }],
        },
      },
    ],
  });
});

test('every property of an Ingress shows up', () => {
  const route: Required<Extract<RouteProps, { kind: 'ingress' }>> = {
    ...INGRESS,
    tlsSecretName: 'oscar-tls',
    className: 'nginx',
    annotations: { 'cert-manager.io/cluster-issuer': 'letsencrypt' },
  };
  const props: Required<RouteToProps> = {
    ...TARGET,
    route,
    path: '/system/services/web/exposed',
    stripPath: true,
    annotations: { 'example.org/auth': 'basic' },
    maxBodyBytes: 1024,
    streaming: true,
    subject: { service: 'web', field: ['expose'] },
  };
  const { metadata, spec } = only(rendered(props), 'Ingress');
  expect(metadata.annotations).toEqual({
    'cert-manager.io/cluster-issuer': 'letsencrypt',
    'example.org/auth': 'basic',
    'nginx.ingress.kubernetes.io/proxy-body-size': '1024',
    'nginx.ingress.kubernetes.io/proxy-read-timeout': '3600',
    'nginx.ingress.kubernetes.io/proxy-send-timeout': '3600',
    'nginx.ingress.kubernetes.io/proxy-request-buffering': 'off',
    'nginx.ingress.kubernetes.io/use-regex': 'true',
    'nginx.ingress.kubernetes.io/rewrite-target': '/$2',
  });
  expect(spec.ingressClassName).toBe('nginx');
  expect(spec.tls).toEqual([{ hosts: ['oscar.example.org'], secretName: 'oscar-tls' }]);
  expect(spec.rules[0].http.paths[0]).toMatchObject({
    path: '/system/services/web/exposed(/|$)(.*)',
    pathType: 'ImplementationSpecific',
  });
});

describe("ingress-nginx's limits", () => {
  const annotations = (route: object) =>
    only(rendered({ route: { ...INGRESS, ...route } }), 'Ingress').metadata.annotations;

  test('are lifted, for any class that names it', () => {
    expect(annotations({ className: 'nginx-internal' })).toEqual({
      'nginx.ingress.kubernetes.io/proxy-body-size': '0',
      'nginx.ingress.kubernetes.io/proxy-read-timeout': '3600',
      'nginx.ingress.kubernetes.io/proxy-send-timeout': '3600',
    });
  });

  test('are the user’s where the user sets them', () => {
    const own = { 'nginx.ingress.kubernetes.io/proxy-body-size': '8m' };
    expect(annotations({ className: 'nginx', annotations: own })).toMatchObject(own);
  });

  test('are of no other class', () => {
    expect(annotations({})).toBeUndefined();
    expect(annotations({ className: 'traefik' })).toBeUndefined();
  });
});

test('the path that is stripped keeps what comes after it', () => {
  const { spec } = only(rendered({ route: INGRESS, path: '/a/', stripPath: true }), 'Ingress');
  const [, , rest] = new RegExp(`^${spec.rules[0].http.paths[0].path}`).exec('/a/b/c?d')!;
  expect(rest).toBe('b/c?d');
  expect(new RegExp(`^${spec.rules[0].http.paths[0].path}`).test('/ab')).toBe(false);
});

test('an HTTPRoute leads the host to the Service', () => {
  expect(only(rendered({ route: GATEWAY }), 'HTTPRoute')).toMatchObject({
    apiVersion: 'gateway.networking.k8s.io/v1',
    metadata: { name: 'web', namespace: 'oscar', labels: { app: 'web' } },
    spec: {
      parentRefs: [{ name: 'public' }],
      hostnames: ['oscar.example.org'],
      rules: [
        {
          matches: [{ path: { type: 'PathPrefix', value: '/' } }],
          backendRefs: [{ name: 'web', port: 8080 }],
        },
      ],
    },
  });
});

test('every property of an HTTPRoute shows up', () => {
  const gateway: Required<Extract<RouteProps, { kind: 'httpRoute' }>['gateway']> = {
    name: 'public',
    namespace: 'gateways',
    sectionName: 'https',
  };
  const { spec } = only(rendered({ route: { ...GATEWAY, gateway }, path: '/exposed', stripPath: true }), 'HTTPRoute');
  expect(spec.parentRefs).toEqual([gateway]);
  expect(spec.rules[0].matches[0].path.value).toBe('/exposed');
  expect(spec.rules[0].filters).toEqual([
    { type: 'URLRewrite', urlRewrite: { path: { type: 'ReplacePrefixMatch', replacePrefixMatch: '/' } } },
  ]);
});

test.each<[string, RouteProps, (string | number)[]]>([
  ['a scheme in the host', { ...INGRESS, host: 'https://x.org' }, ['host']],
  ['an address for a host', { ...INGRESS, host: '10.0.0.1' }, ['host']],
  ['an impossible Secret', { ...INGRESS, tlsSecretName: 'My_Secret' }, ['tlsSecretName']],
  ['an impossible class', { ...INGRESS, className: 'My Class' }, ['className']],
  ['an impossible annotation', { ...INGRESS, annotations: { 'a b': 'c' } }, ['annotations', 'a b']],
  ['an impossible Gateway', { ...GATEWAY, gateway: { name: 'A' } }, ['gateway', 'name']],
  ['an impossible namespace', { ...GATEWAY, gateway: { name: 'a', namespace: 'a.b' } }, ['gateway', 'namespace']],
  ['an impossible section', { ...GATEWAY, gateway: { name: 'a', sectionName: '-' } }, ['gateway', 'sectionName']],
])('refuses %s, naming what the user wrote', (_what, route, field) => {
  const subject = { service: 'web', field: ['expose', 'route'] };
  expect(refusal(() => rendered({ route, subject }))).toMatchObject({
    service: 'web',
    field: ['expose', 'route', ...field],
  });
});
