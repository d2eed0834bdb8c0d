import { NetworkPolicies, NetworkPoliciesProps } from '../../src/constructs/network-policies';
import { manifests, only } from '../support/platform';

const PLACE = { name: 'p', namespace: 'p', servicesNamespace: 'p-svc' };
const rendered = (props: NetworkPoliciesProps = PLACE) =>
  manifests((chart) => new NetworkPolicies(chart, 'network-policies', props));
const spec = (name: string, props?: NetworkPoliciesProps) => only(rendered(props), 'NetworkPolicy', name).spec;

const part = (component: string) => ({
  matchLabels: { 'app.kubernetes.io/component': component, 'app.kubernetes.io/instance': 'p' },
});
const namespace = (name: string) => ({ matchLabels: { 'kubernetes.io/metadata.name': name } });
const tcp = (port: number) => ({ protocol: 'TCP', port });
const DNS = {
  to: [
    { namespaceSelector: namespace('kube-system'), podSelector: { matchLabels: { 'k8s-app': 'kube-dns' } } },
    { ipBlock: { cidr: '169.254.20.10/32' } },
  ],
  ports: [{ protocol: 'UDP', port: 53 }, tcp(53)],
};
const API_SERVER = { ports: [tcp(443), tcp(6443), tcp(8443), tcp(16443)] };
const STORE = { to: [{ namespaceSelector: namespace('p'), podSelector: part('minio') }], ports: [tcp(9000)] };

test('both namespaces deny every pod everything', () => {
  const denials = rendered().filter(({ metadata }) => metadata.name === 'p-default-deny');
  expect(denials.map(({ metadata }) => metadata.namespace)).toEqual(['p', 'p-svc']);
  for (const { spec } of denials) expect(spec).toEqual({ podSelector: {}, policyTypes: ['Ingress', 'Egress'] });
});

test('the manager is a door; it reaches names, the API server, warm pods and the store', () => {
  expect(spec('p-manager')).toEqual({
    podSelector: part('manager'),
    policyTypes: ['Ingress', 'Egress'],
    ingress: [{ ports: [tcp(8080)] }],
    egress: [
      DNS,
      API_SERVER,
      {
        to: [
          {
            namespaceSelector: namespace('p-svc'),
            podSelector: { matchLabels: { 'app.kubernetes.io/component': 'service' } },
          },
        ],
        ports: [tcp(8080)],
      },
      STORE,
    ],
  });
});

test('the store is a door; it reaches names, the manager and its peers', () => {
  expect(spec('p-minio')).toEqual({
    podSelector: part('minio'),
    policyTypes: ['Ingress', 'Egress'],
    ingress: [{ ports: [tcp(9000)] }],
    egress: [
      DNS,
      { to: [{ namespaceSelector: namespace('p'), podSelector: part('manager') }], ports: [tcp(8080)] },
      STORE,
    ],
  });
});

test('nobody reaches the provisioner; it reaches names, the API server and the store', () => {
  expect(spec('p-provisioner')).toEqual({
    podSelector: part('provisioner'),
    policyTypes: ['Ingress', 'Egress'],
    egress: [DNS, API_SERVER, STORE],
  });
});

test('nobody reaches the sweep; it reaches names, the manager and the store, and not the API server', () => {
  const manager = { to: [{ namespaceSelector: namespace('p'), podSelector: part('manager') }], ports: [tcp(8080)] };
  expect(spec('p-sweep')).toEqual({
    podSelector: part('sweep'),
    policyTypes: ['Ingress', 'Egress'],
    egress: [DNS, manager, STORE],
  });
});

test('a store that is elsewhere is reached anywhere, on its port; there is no policy for MinIO', () => {
  const props: Required<NetworkPoliciesProps> = { ...PLACE, externalStorePort: 9443, certificatesIn: ['p-svc'] };
  const objects = rendered(props);
  expect(objects.map(({ metadata }) => metadata.name)).not.toContain('p-minio');
  for (const name of ['p-manager', 'p-provisioner', 'p-sweep']) {
    expect(spec(name, props).egress).toContainEqual({ ports: [tcp(9443)] });
  }
  expect(only(objects, 'NetworkPolicy', 'p-certificates').metadata.namespace).toBe('p-svc');
});

test('challenges for certificates reach the pods that answer them, and no other', () => {
  expect(rendered().map(({ metadata }) => metadata.name)).not.toContain('p-certificates');
  expect(spec('p-certificates', { ...PLACE, certificatesIn: ['p'] })).toEqual({
    podSelector: { matchLabels: { 'acme.cert-manager.io/http01-solver': 'true' } },
    policyTypes: ['Ingress'],
    ingress: [{ ports: [tcp(8089)] }],
  });
});
