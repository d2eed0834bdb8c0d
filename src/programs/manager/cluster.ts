import type { KubeConfig } from '@kubernetes/client-node';
import { Component, SERVICE_LABEL } from '../../contract';
import type { Log } from '../common/log';
import { KubernetesApi, KubernetesUnreachable, MERGE_PATCH, reasonOf } from './kubernetes/api';
import type { ConfigMap, Deployment, Job, Pod, PodTemplate } from './kubernetes/objects';
import { Reflector, Resource } from './kubernetes/reflector';
import { jobRecord, Jobs } from './state/jobs';
import { Services } from './state/services';
import { scaleOf, warmPod, WarmPods } from './state/warm-pods';

/** Pods of services' Deployments, and not those of their Jobs. */
const WARM = `${SERVICE_LABEL},app.kubernetes.io/component=${'service' satisfies Component}`;

/** What the manager knows of the services' namespace, kept up to date by watches, and what it may change there. */
export class Cluster {
  static async connect(config: KubeConfig, namespace: string, log: Log): Promise<Cluster> {
    return new Cluster(await KubernetesApi.of(config), namespace, log);
  }

  readonly services: Services;
  readonly jobs = new Jobs();
  readonly warmPods = new WarmPods();
  private readonly definitions: Reflector;
  /** Without these nothing can be asked of the manager. */
  private readonly needed: readonly (readonly [what: string, Reflector])[];
  /** What is asked before a Deployment is scaled. */
  private readonly scaling: readonly Reflector[];
  private readonly allJobs: Reflector;

  private constructor(
    readonly api: KubernetesApi,
    private readonly namespace: string,
    log: Log,
  ) {
    const { warmPods, jobs } = this;
    const services = (this.services = new Services(log));
    const follow = <T>(
      [group, kind]: readonly [string, string],
      onChange: (name: string, object: T | undefined) => void,
      more: Partial<Resource> = {},
    ) => {
      const path = `${group}/namespaces/${namespace}/${kind}`;
      const resource = { path, labelSelector: SERVICE_LABEL, onChange: onChange as Resource['onChange'], ...more };
      return new Reflector(api, resource, log);
    };
    this.definitions = follow<ConfigMap>(['/api/v1', 'configmaps'], services.onConfigMap, {
      onListed: services.onListed,
    });
    const templates = follow<PodTemplate>(['/api/v1', 'podtemplates'], services.onPodTemplate);
    const deployments = follow<Deployment>(['/apis/apps/v1', 'deployments'], (name, object) =>
      warmPods.onDeployment(name, object && scaleOf(object)),
    );
    const pods = follow<Pod>(['/api/v1', 'pods'], (name, pod) => warmPods.onPod(name, pod && warmPod(pod)), {
      labelSelector: WARM,
    });
    this.scaling = [deployments, pods];
    this.needed = [
      ['ConfigMaps', this.definitions],
      ['PodTemplates', templates],
      ['Deployments', deployments],
      ['Pods', pods],
    ];
    this.allJobs = follow<Job>(['/apis/batch/v1', 'jobs'], (name, job) => jobs.onJob(name, job && jobRecord(job)), {
      onListing: jobs.onListing,
      onListed: jobs.onListed,
    });
  }

  start(): void {
    for (const reflector of this.reflectors) reflector.start();
  }

  stop(): void {
    for (const reflector of this.reflectors) reflector.stop();
    this.api.close();
  }

  /** What has not been listed yet: until it is, nothing can be said of the services. */
  get missing(): string[] {
    return this.needed.filter(([, reflector]) => !reflector.synced).map(([what]) => what);
  }

  /** Whether what is known of the services' definitions is what is there now. */
  get isCurrent(): boolean {
    return this.definitions.current;
  }

  /** @throws KubernetesUnreachable, or an Error that says why it is refused */
  scale = async (service: string, replicas: number): Promise<void> => {
    // By what is old, pods that others started would be taken away.
    if (!this.scaling.every(({ current }) => current))
      throw new KubernetesUnreachable('what is known of the pods may be old');
    const path = `/apis/apps/v1/namespaces/${this.namespace}/deployments/${service}/scale`;
    const answer = await this.api.call('PATCH', path, { body: { spec: { replicas } }, contentType: MERGE_PATCH });
    if (answer.status === 200) return;
    const problem = `${service} can't be scaled to ${replicas}: ${reasonOf(answer)}`;
    throw mayPass(answer.status) ? new KubernetesUnreachable(problem) : new Error(problem);
  };

  private get reflectors(): Reflector[] {
    return [...this.needed.map(([, reflector]) => reflector), this.allJobs];
  }
}

const mayPass = (status: number) => status === 409 || status === 429 || status >= 500;
