import { Construct } from 'constructs';
import {
  IntOrString,
  KubeNetworkPolicy,
  NetworkPolicyEgressRule,
  NetworkPolicyIngressRule,
  NetworkPolicyPeer,
  NetworkPolicyPort,
} from 'cdk8s-plus-27/lib/imports/k8s';
import { Component, MANAGER_PORT, MINIO_PORT, recommendedLabels, selectorLabels, SUPERVISOR_PORT } from '../contract';
import { metadata } from './metadata';

export interface NetworkPoliciesProps {
  /** Name of the platform. */
  readonly name: string;
  readonly namespace: string;
  readonly servicesNamespace: string;
  /** TCP port of a store that is elsewhere. @default the store is the platform's own MinIO */
  readonly externalStorePort?: number;
}

const tcp = (...ports: number[]): NetworkPolicyPort[] =>
  ports.map((port) => ({ protocol: 'TCP', port: IntOrString.fromNumber(port) }));

const inNamespace = (namespace: string) => ({ matchLabels: { 'kubernetes.io/metadata.name': namespace } });

/** Name lookups, at the cluster's own DNS only. */
export const DNS_EGRESS: NetworkPolicyEgressRule = {
  to: [{ namespaceSelector: inNamespace('kube-system'), podSelector: { matchLabels: { 'k8s-app': 'kube-dns' } } }],
  ports: [{ protocol: 'UDP', port: IntOrString.fromNumber(53) }, ...tcp(53)],
};

/** Where the API server is can't be known here, and policies see its address behind the Service: any, on its ports. */
const API_SERVER_EGRESS: NetworkPolicyEgressRule = { ports: tcp(443, 6443) };

/** Pods of a part of the platform, seen from the platform's own namespace. */
const part = (component: Component, platform: string): NetworkPolicyPeer => ({
  podSelector: { matchLabels: selectorLabels(component, platform) },
});

/** Denies everything in both namespaces, then opens what the platform's own pods need. Services have their own. */
export class NetworkPolicies extends Construct {
  constructor(
    scope: Construct,
    id: string,
    private readonly props: NetworkPoliciesProps,
  ) {
    super(scope, id);
    const { name, namespace, servicesNamespace, externalStorePort } = props;
    this.denyAll('default-deny', namespace);
    this.denyAll('default-deny-services', servicesNamespace);

    const store =
      externalStorePort === undefined ? toPart('minio', name, MINIO_PORT) : { ports: tcp(externalStorePort) };
    const services: NetworkPolicyPeer = {
      namespaceSelector: inNamespace(servicesNamespace),
      podSelector: { matchLabels: { 'app.kubernetes.io/component': 'service' satisfies Component } },
    };
    // The platform's doors: whoever comes in there has to show who it is.
    this.open(
      'manager',
      [{ ports: tcp(MANAGER_PORT) }],
      [DNS_EGRESS, API_SERVER_EGRESS, { to: [services], ports: tcp(SUPERVISOR_PORT) }, store],
    );
    if (externalStorePort === undefined) {
      const peers = toPart('minio', name, MINIO_PORT);
      this.open('minio', [{ ports: tcp(MINIO_PORT) }], [DNS_EGRESS, toPart('manager', name, MANAGER_PORT), peers]);
    }
    this.open('provisioner', [], [DNS_EGRESS, API_SERVER_EGRESS, store]);
  }

  private denyAll(id: string, namespace: string): void {
    const { name } = this.props;
    new KubeNetworkPolicy(this, id, {
      metadata: metadata({
        name: `${name}-default-deny`,
        namespace,
        labels: recommendedLabels('platform', name),
      }),
      spec: { podSelector: {}, policyTypes: ['Ingress', 'Egress'] },
    });
  }

  private open(
    component: 'manager' | 'minio' | 'provisioner',
    ingress: NetworkPolicyIngressRule[],
    egress: NetworkPolicyEgressRule[],
  ): void {
    const { name, namespace } = this.props;
    new KubeNetworkPolicy(this, component, {
      metadata: metadata({ name: `${name}-${component}`, namespace, labels: recommendedLabels(component, name) }),
      spec: {
        podSelector: { matchLabels: selectorLabels(component, name) },
        policyTypes: ['Ingress', 'Egress'],
        ...(ingress.length ? { ingress } : {}),
        egress,
      },
    });
  }
}

function toPart(component: Component, platform: string, port: number): NetworkPolicyEgressRule {
  return { to: [part(component, platform)], ports: tcp(port) };
}
