import { Construct } from 'constructs';
import { KubeRole, KubeRoleBinding, KubeServiceAccount, PolicyRule } from 'cdk8s-plus-27/lib/imports/k8s';
import { serviceSecrets } from '../contract';
import { lazy } from './lazy';
import { metadata } from './metadata';

export interface ManagerRightsProps {
  /** Names all its objects. */
  readonly name: string;
  readonly namespace: string;
  readonly servicesNamespace: string;
  readonly labels: Record<string, string>;
  /** Services whose token may be read; asked at synthesis. */
  readonly serviceNames: () => readonly string[];
}

const READ = ['get', 'list', 'watch'];

/** What the manager does in the services' namespace, and no more. */
const RULES: readonly PolicyRule[] = [
  { apiGroups: ['batch'], resources: ['jobs'], verbs: [...READ, 'create', 'delete'] },
  { apiGroups: [''], resources: ['pods', 'configmaps', 'podtemplates'], verbs: READ },
  { apiGroups: [''], resources: ['pods/log'], verbs: ['get'] },
  { apiGroups: ['apps'], resources: ['deployments'], verbs: READ },
  { apiGroups: ['apps'], resources: ['deployments/scale'], verbs: ['get', 'update', 'patch'] },
  { apiGroups: [''], resources: ['events'], verbs: ['create', 'patch', 'list'] },
];

/** The manager's account. In its own namespace it may do nothing; secrets it may read by name only. */
export class ManagerRights extends Construct {
  readonly serviceAccountName: string;

  constructor(scope: Construct, id: string, props: ManagerRightsProps) {
    super(scope, id);
    const { name, namespace, servicesNamespace, labels, serviceNames } = props;
    this.serviceAccountName = name;
    new KubeServiceAccount(this, 'account', {
      metadata: metadata({ name, namespace, labels }),
      automountServiceAccountToken: false,
    });
    const inServices = metadata({ name, namespace: servicesNamespace, labels });
    new KubeRole(this, 'role', { metadata: inServices, rules: lazy(() => [...RULES, ...tokens(serviceNames())]) });
    new KubeRoleBinding(this, 'binding', {
      metadata: inServices,
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name },
      subjects: [{ kind: 'ServiceAccount', name, namespace }],
    });
  }
}

/** A rule without names would open every Secret, so without services there is none. */
function tokens(services: readonly string[]): PolicyRule[] {
  if (!services.length) return [];
  const resourceNames = services.map((service) => serviceSecrets(service).token).sort();
  return [{ apiGroups: [''], resources: ['secrets'], resourceNames, verbs: ['get'] }];
}
