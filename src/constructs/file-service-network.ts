import { Component, MINIO_PORT, SUPERVISOR_PORT } from '../contract';
import { providersOf, ServiceModel } from './file-service-model';
import { DNS_EGRESS, EgressRule, IngressRule, platformPods, PolicySpec, tcp } from './network';
import type { IPlatform } from './platform-reference';
import type { StorageProvider } from './storage';

/** What a service's pods may hear and reach; everything else is denied by the platform. */
export function networkPolicyOf(model: ServiceModel): PolicySpec {
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
      DNS_EGRESS,
      storeEgress(platform),
      ...providerEgress(providersOf(model)),
      ...(props.egress ?? []).map(({ cidr, ports }) => ({
        to: [{ ipBlock: { cidr } }],
        ...(ports?.length ? { ports: tcp(...ports) } : {}),
      })),
    ],
  };
}

/** An exposed server is for everybody; a supervisor hears the manager alone. */
function ingressOf({ expose, platform }: ServiceModel): IngressRule {
  if (expose) return { ports: tcp(...expose.ports) };
  return { from: platformPods('manager', platform), ports: tcp(SUPERVISOR_PORT) };
}

/** The platform's own MinIO by its pods, a store elsewhere by its port. */
function storeEgress(platform: IPlatform): EgressRule {
  if (platform.externalStore) return { ports: tcp(platform.store.address.port) };
  return { to: platformPods('minio', platform), ports: tcp(MINIO_PORT) };
}

/** A policy knows addresses only, and a provider's change: its port is open to all. */
function providerEgress(providers: readonly StorageProvider[]): EgressRule[] {
  const others = providers.filter(({ isPlatformStore }) => !isPlatformStore);
  const ports = [...new Set(others.map(({ address }) => address.port))].sort((a, b) => a - b);
  return ports.length ? [{ ports: tcp(...ports) }] : [];
}
