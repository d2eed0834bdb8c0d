import { Construct } from 'constructs';
import {
  KubeClusterRole,
  KubeClusterRoleBinding,
  KubeRole,
  KubeRoleBinding,
  KubeServiceAccount,
  PolicyRule,
  Subject,
} from 'cdk8s-plus-27/lib/imports/k8s';
import { serviceSecrets } from '../contract';
import { lazy } from './lazy';
import { metadata } from './metadata';
import { plainObject } from './plain';

export interface ManagerRightsProps {
  /** The manager's: names all its objects. */
  readonly name: string;
  readonly namespace: string;
  readonly servicesNamespace: string;
  readonly labels: Record<string, string>;
  /** Services whose token may be read; asked at synthesis. */
  readonly serviceNames: () => readonly string[];
}

/** What is watched is never asked for by its name. */
const FOLLOW = ['list', 'watch'];

/** In the services' namespace: follows services, makes and removes their Jobs and lets them go on, starts and ends their warm pods. */
const IN_SERVICES: readonly PolicyRule[] = [
  {
    apiGroups: ['batch'],
    resources: ['jobs'],
    // Patched are Jobs whose turn it is, also when no service has a limit any more: those that wait must not stay so.
    verbs: ['get', ...FOLLOW, 'create', 'patch', 'delete', 'deletecollection'],
  },
  { apiGroups: [''], resources: ['pods', 'configmaps', 'podtemplates'], verbs: FOLLOW },
  { apiGroups: [''], resources: ['pods/log'], verbs: ['get'] },
  { apiGroups: ['apps'], resources: ['deployments'], verbs: FOLLOW },
  { apiGroups: ['apps'], resources: ['deployments/scale'], verbs: ['patch'] },
];

/** In its own: tells of dead letters, by Kubernetes Events about its Deployment. */
const inPlatform = (deployment: string): PolicyRule[] => [
  { apiGroups: [''], resources: ['events'], verbs: ['create', 'patch', 'list'] },
  { apiGroups: ['apps'], resources: ['deployments'], resourceNames: [deployment], verbs: ['get'] },
];

/** Nodes and what they use (metrics-server), for `/system/status`. */
const IN_CLUSTER: readonly PolicyRule[] = [
  { apiGroups: ['', 'metrics.k8s.io'], resources: ['nodes'], verbs: ['list'] },
];

/** The manager's account, and what it may do: no more than it does. Secrets it may read by name only. */
export class ManagerRights extends Construct {
  readonly serviceAccountName: string;
  private readonly subjects: Subject[];

  constructor(
    scope: Construct,
    id: string,
    private readonly props: ManagerRightsProps,
  ) {
    super(scope, id);
    const { name, namespace, servicesNamespace, labels, serviceNames } = props;
    this.serviceAccountName = name;
    this.subjects = [{ kind: 'ServiceAccount', name, namespace }];
    new KubeServiceAccount(this, 'account', {
      metadata: metadata({ name, namespace, labels }),
      automountServiceAccountToken: false,
    });
    const services = lazy(() => [...IN_SERVICES, ...tokens(serviceNames())]);
    this.grant(['role', 'binding'], servicesNamespace, services);
    this.grant(['platform-role', 'platform-binding'], namespace, inPlatform(name));
    this.grantInCluster(IN_CLUSTER);
  }

  private grant([role, binding]: readonly [string, string], namespace: string, rules: PolicyRule[]): void {
    const { name, labels } = this.props;
    const both = metadata({ name, namespace, labels });
    new KubeRole(this, role, { metadata: both, rules });
    const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name };
    new KubeRoleBinding(this, binding, { metadata: both, roleRef, subjects: this.subjects });
  }

  /** A dot is in no name of a namespace or a platform: no two platforms of a cluster make the same name. */
  private grantInCluster(rules: readonly PolicyRule[]): void {
    const name = `${this.props.namespace}.${this.props.name}`;
    const both = metadata({ name, labels: this.props.labels });
    plainObject(this, 'cluster-role', KubeClusterRole, { metadata: both, rules });
    const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name };
    plainObject(this, 'cluster-binding', KubeClusterRoleBinding, { metadata: both, roleRef, subjects: this.subjects });
  }
}

/** A rule without names would open every Secret, so without services there is none. */
function tokens(services: readonly string[]): PolicyRule[] {
  if (!services.length) return [];
  const resourceNames = services.map((service) => serviceSecrets(service).token).sort();
  return [{ apiGroups: [''], resources: ['secrets'], resourceNames, verbs: ['get'] }];
}
