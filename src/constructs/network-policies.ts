import { Construct } from 'constructs';
import { KubeNetworkPolicy } from 'cdk8s-plus-27/lib/imports/k8s';
import { Component, MANAGER_PORT, MINIO_PORT, recommendedLabels, selectorLabels, SUPERVISOR_PORT } from '../contract';
import { metadata } from './metadata';
import { DNS_EGRESS, EgressRule, IngressRule, inNamespace, platformPods, tcp } from './network';
import { plainObject } from './plain';

export interface NetworkPoliciesProps {
  /** Name of the platform. */
  readonly name: string;
  readonly namespace: string;
  readonly servicesNamespace: string;
  /** TCP port of a store that is elsewhere. @default the store is the platform's own MinIO */
  readonly externalStorePort?: number;
  /** Namespaces with Ingresses that have a certificate. @default none */
  readonly certificatesIn?: readonly string[];
}

/**
 * Where the API server is can't be known here, and policies see its address behind the Service: any, on its ports
 * (kubeadm's and most others' 6443, minikube's 8443, MicroK8s' 16443, 443 in front of managed ones).
 */
const API_SERVER_EGRESS: EgressRule = { ports: tcp(443, 6443, 8443, 16443) };

/** cert-manager's pods that answer HTTP-01 challenges, in the Ingress's namespace, behind the Ingress's host. */
const SOLVER_PODS = { 'acme.cert-manager.io/http01-solver': 'true' };
const SOLVER_PORT = 8089;

/** Denies everything in both namespaces, then opens what the platform's own pods need. Services have their own. */
export class NetworkPolicies extends Construct {
  constructor(
    scope: Construct,
    id: string,
    private readonly props: NetworkPoliciesProps,
  ) {
    super(scope, id);
    const { namespace, servicesNamespace, externalStorePort, certificatesIn = [] } = props;
    this.denyAll('default-deny', namespace);
    this.denyAll('default-deny-services', servicesNamespace);

    const minio = { to: platformPods('minio', props), ports: tcp(MINIO_PORT) };
    const store = externalStorePort === undefined ? minio : { ports: tcp(externalStorePort) };
    const warmPods = {
      namespaceSelector: inNamespace(servicesNamespace),
      podSelector: { matchLabels: { 'app.kubernetes.io/component': 'service' satisfies Component } },
    };
    // The platform's doors: whoever comes in there has to show who it is.
    this.open(
      'manager',
      [{ ports: tcp(MANAGER_PORT) }],
      [DNS_EGRESS, API_SERVER_EGRESS, { to: [warmPods], ports: tcp(SUPERVISOR_PORT) }, store],
    );
    const manager = { to: platformPods('manager', props), ports: tcp(MANAGER_PORT) };
    if (externalStorePort === undefined) {
      this.open('minio', [{ ports: tcp(MINIO_PORT) }], [DNS_EGRESS, manager, minio]);
    }
    this.open('provisioner', [], [DNS_EGRESS, API_SERVER_EGRESS, store]);
    this.open('sweep', [], [DNS_EGRESS, manager, store]);
    for (const namespace of certificatesIn) this.openSolvers(namespace);
  }

  private denyAll(id: string, namespace: string): void {
    const { name } = this.props;
    plainObject(this, id, KubeNetworkPolicy, {
      metadata: metadata({ name: `${name}-default-deny`, namespace, labels: recommendedLabels('platform', name) }),
      spec: { podSelector: {}, policyTypes: ['Ingress', 'Egress'] },
    });
  }

  private openSolvers(namespace: string): void {
    const { name } = this.props;
    plainObject(this, `certificates-${namespace}`, KubeNetworkPolicy, {
      metadata: metadata({ name: `${name}-certificates`, namespace, labels: recommendedLabels('platform', name) }),
      spec: {
        podSelector: { matchLabels: SOLVER_PODS },
        policyTypes: ['Ingress'],
        ingress: [{ ports: tcp(SOLVER_PORT) }],
      },
    });
  }

  private open(
    component: 'manager' | 'minio' | 'provisioner' | 'sweep',
    ingress: IngressRule[],
    egress: EgressRule[],
  ): void {
    const { name, namespace } = this.props;
    plainObject(this, component, KubeNetworkPolicy, {
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
