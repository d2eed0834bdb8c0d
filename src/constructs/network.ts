import type { NetworkPolicySpec } from 'cdk8s-plus-27/lib/imports/k8s';
import { Component, selectorLabels } from '../contract';
import type { Plain } from './plain';

/** Words of which NetworkPolicies are made. */
export type PolicySpec = Plain<NetworkPolicySpec>;
export type IngressRule = NonNullable<PolicySpec['ingress']>[number];
export type EgressRule = NonNullable<PolicySpec['egress']>[number];
type Peers = NonNullable<EgressRule['to']>;

export const tcp = (...ports: readonly number[]) => ports.map((port) => ({ protocol: 'TCP', port }));

/** Every namespace has its name as a label: the API server writes it. */
export const inNamespace = (namespace: string) => ({ matchLabels: { 'kubernetes.io/metadata.name': namespace } });

/** Pods of a part of the platform, as seen from any namespace. */
export const platformPods = (component: Component, platform: { name: string; namespace: string }): Peers => [
  {
    namespaceSelector: inNamespace(platform.namespace),
    podSelector: { matchLabels: selectorLabels(component, platform.name) },
  },
];

/** Name lookups, at the cluster's own DNS only: its pods, or its cache on each node (NodeLocal DNSCache). */
export const DNS_EGRESS: EgressRule = {
  to: [
    { namespaceSelector: inNamespace('kube-system'), podSelector: { matchLabels: { 'k8s-app': 'kube-dns' } } },
    { ipBlock: { cidr: '169.254.20.10/32' } },
  ],
  ports: [{ protocol: 'UDP', port: 53 }, ...tcp(53)],
};
