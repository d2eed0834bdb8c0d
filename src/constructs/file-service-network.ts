import type { NetworkPolicySpec } from 'cdk8s-plus-27/lib/imports/k8s';
import { Component, MINIO_PORT, selectorLabels, SUPERVISOR_PORT } from '../contract';
import { providersOf, ServiceModel } from './file-service-model';
import type { Plain } from './plain';
import type { IPlatform } from './platform-reference';
import type { StorageProvider } from './storage';

type Policy = Plain<NetworkPolicySpec>;
type EgressRule = NonNullable<Policy['egress']>[number];

/** What a service's pods may hear and reach; everything else is denied by the platform. */
export function networkPolicyOf(model: ServiceModel): Policy {
  const { name, platform, props } = model;
  return {
    podSelector: {
      matchLabels: { 'app.kubernetes.io/instance': name },
      matchExpressions: [
        { key: 'app.kubernetes.io/component', operator: 'In', values: ['job', 'service'] satisfies Component[] },
      ],
    },
    policyTypes: ['Ingress', 'Egress'],
    ingress: [ingressOf(model)],
    egress: [
      DNS,
      storeEgress(platform),
      ...providerEgress(providersOf(model)),
      ...(props.egress ?? []).map(({ cidr, ports }) => ({
        to: [{ ipBlock: { cidr } }],
        ...(ports?.length ? { ports: tcp(ports) } : {}),
      })),
    ],
  };
}

const tcp = (ports: readonly number[]) => ports.map((port) => ({ protocol: 'TCP', port }));

const inNamespace = (namespace: string) => ({ matchLabels: { 'kubernetes.io/metadata.name': namespace } });

const platformPods = (component: Component, { name, namespace }: IPlatform) => [
  { namespaceSelector: inNamespace(namespace), podSelector: { matchLabels: selectorLabels(component, name) } },
];

/** An exposed server is for everybody; a supervisor hears the manager alone. */
function ingressOf({ expose, platform }: ServiceModel): NonNullable<Policy['ingress']>[number] {
  if (expose) return { ports: tcp(expose.ports) };
  return { from: platformPods('manager', platform), ports: tcp([SUPERVISOR_PORT]) };
}

const DNS: EgressRule = {
  to: [{ namespaceSelector: inNamespace('kube-system'), podSelector: { matchLabels: { 'k8s-app': 'kube-dns' } } }],
  ports: [
    { protocol: 'UDP', port: 53 },
    { protocol: 'TCP', port: 53 },
  ],
};

/** The platform's own MinIO by its pods, a store elsewhere by its port. */
function storeEgress(platform: IPlatform): EgressRule {
  const { host, port } = platform.store.address;
  return host.endsWith(`.${platform.namespace}.svc`)
    ? { to: platformPods('minio', platform), ports: tcp([MINIO_PORT]) }
    : { ports: tcp([port]) };
}

/** A policy knows addresses only, and a provider's change: its port is open to all. */
function providerEgress(providers: readonly StorageProvider[]): EgressRule[] {
  const others = providers.filter(({ isPlatformStore }) => !isPlatformStore);
  const ports = [...new Set(others.map(({ address }) => address.port))].sort((a, b) => a - b);
  return ports.length ? [{ ports: tcp(ports) }] : [];
}
