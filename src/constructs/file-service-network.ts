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

function storeEgress(platform: IPlatform): EgressRule {
  const { hostname } = new URL(platform.store.settings.endpoint);
  const isOurs = new RegExp(`\\.${platform.namespace}\\.svc(\\..*)?$`).test(hostname);
  return isOurs
    ? { to: platformPods('minio', platform), ports: tcp([MINIO_PORT]) }
    : { ports: tcp([portOf(platform.store)]) };
}

/** A policy knows addresses only, and a provider's change: its port is open to all. */
function providerEgress(providers: readonly StorageProvider[]): EgressRule[] {
  const ports = new Set(providers.filter(({ isPlatformStore }) => !isPlatformStore).map(portOf));
  return ports.size ? [{ ports: tcp([...ports].sort((a, b) => a - b)) }] : [];
}

function portOf({ settings }: StorageProvider): number {
  if ('hostname' in settings) return portIn(`https://${settings.hostname}`);
  if ('oneprovider_host' in settings) return portIn(`https://${settings.oneprovider_host}`);
  return portIn(settings.endpoint ?? 'https://s3.amazonaws.com');
}

function portIn(address: string): number {
  const { port, protocol } = new URL(address);
  return port ? Number(port) : protocol === 'http:' ? 80 : 443;
}
