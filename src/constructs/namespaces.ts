import { Construct } from 'constructs';
import { KubeNamespace } from 'cdk8s-plus-27/lib/imports/k8s';
import { recommendedLabels } from '../contract';
import { metadata } from './metadata';
import { plainObject } from './plain';

export interface NamespacesProps {
  /** Name of the platform. */
  readonly name: string;
  readonly namespace: string;
  readonly servicesNamespace: string;
}

/**
 * The platform's two namespaces with the Pod Security level that each can bear: users' images often run as root.
 * Warnings stand at the enforced level, so that an apply which is accepted is silent.
 * @see https://kubernetes.io/docs/concepts/security/pod-security-admission/
 */
export class Namespaces extends Construct {
  constructor(scope: Construct, id: string, { name, namespace, servicesNamespace }: NamespacesProps) {
    super(scope, id);
    this.add('platform', name, namespace, 'restricted');
    this.add('services', name, servicesNamespace, 'baseline');
  }

  /** Whatever goes with a namespace goes with its volumes and Secrets: it is kept. */
  private add(id: string, platform: string, namespace: string, level: 'restricted' | 'baseline'): void {
    const security = ['enforce', 'warn', 'audit'].flatMap((mode) => [
      [`pod-security.kubernetes.io/${mode}`, level],
      [`pod-security.kubernetes.io/${mode}-version`, 'latest'],
    ]);
    const labels = { ...recommendedLabels('platform', platform), ...Object.fromEntries(security) };
    plainObject(this, id, KubeNamespace, { metadata: metadata({ name: namespace, labels, keep: true }) });
  }
}
