import { Construct } from 'constructs';
import { KubeRole, KubeRoleBinding, KubeServiceAccount, PolicyRule } from 'cdk8s-plus-27/lib/imports/k8s';
import type { StorePods } from '../contract';
import { lazy } from './lazy';
import { metadata } from './metadata';

export interface ProvisionerRightsProps {
  /** Names all its objects. */
  readonly name: string;
  readonly namespace: string;
  readonly servicesNamespace: string;
  readonly labels: Record<string, string>;
  /** Secrets that it has to read; asked at synthesis. */
  readonly secrets: () => readonly SecretName[];
  /** Pods that it replaces. @default none */
  readonly storePods?: StorePods;
}

export interface SecretName {
  readonly namespace: string;
  readonly name: string;
}

/**
 * The provisioner's account: in both namespaces it may create Secrets (rights to create can't be limited by name, as
 * the request has none yet) and read those that it is told of. It never changes or deletes one. In the platform's
 * namespace it may list and delete Jobs, those of earlier declarations, and list pods, to see that theirs have ended; and
 * it may delete the store's pods, each by its name, where those have to be replaced together.
 * (Rights can't be limited by labels.)
 * @see https://kubernetes.io/docs/reference/access-authn-authz/rbac/#referring-to-resources
 */
export class ProvisionerRights extends Construct {
  constructor(
    scope: Construct,
    id: string,
    private readonly props: ProvisionerRightsProps,
  ) {
    super(scope, id);
    const { name, namespace, servicesNamespace, labels } = props;
    new KubeServiceAccount(this, 'account', {
      metadata: metadata({ name, namespace, labels }),
      automountServiceAccountToken: false,
    });
    this.grant('platform', namespace);
    this.grant('services', servicesNamespace);
  }

  private grant(id: string, within: string): void {
    const { name, namespace, labels } = this.props;
    const both = metadata({ name, namespace: within, labels });
    new KubeRole(this, `${id}-role`, { metadata: both, rules: lazy(() => this.rules(within)) });
    new KubeRoleBinding(this, `${id}-binding`, {
      metadata: both,
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name },
      subjects: [{ kind: 'ServiceAccount', name, namespace }],
    });
  }

  private rules(within: string): PolicyRule[] {
    const here = this.props.secrets().filter(({ namespace }) => namespace === within);
    const resourceNames = [...new Set(here.map(({ name }) => name))].sort();
    const create = { apiGroups: [''], resources: ['secrets'], verbs: ['create'] };
    const jobs = { apiGroups: ['batch'], resources: ['jobs'], verbs: ['list', 'delete'] };
    const pods = { apiGroups: [''], resources: ['pods'], verbs: ['list'] };
    return [
      create,
      // A rule without names would open every Secret, so where there are none there is no rule.
      ...(resourceNames.length ? [{ apiGroups: [''], resources: ['secrets'], resourceNames, verbs: ['get'] }] : []),
      ...(within === this.props.namespace ? [jobs, pods, ...this.rulesOfStore()] : []),
    ];
  }

  private rulesOfStore(): PolicyRule[] {
    const { storePods } = this.props;
    if (!storePods) return [];
    const { statefulSet, names } = storePods;
    return [
      { apiGroups: ['apps'], resources: ['statefulsets'], resourceNames: [statefulSet], verbs: ['get'] },
      { apiGroups: [''], resources: ['pods'], resourceNames: [...names], verbs: ['delete'] },
    ];
  }
}
