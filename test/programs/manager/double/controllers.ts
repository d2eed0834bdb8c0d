import { suffix } from './admission';
import { ApiObject, PodSpec, Template, timestamp } from './objects';
import type { Objects } from './test-side';

export interface PodPlace {
  /** @default 127.0.0.1 */
  readonly ip?: string;
  readonly node?: string;
}

/** Plays the cluster's controllers and kubelets, by what they write into objects. */
export class Controllers {
  constructor(private readonly objects: Objects) {}

  /** Its pod runs, or waits for the reason that is given, e.g. `ImagePullBackOff`. @returns the pod */
  jobRunning(namespace: string, name: string, place: PodPlace & { readonly waiting?: string } = {}): ApiObject {
    const job = this.objects.get('Job', namespace, name)!;
    const pod = this.pod(job, 'Job', place, place.waiting);
    const ready = place.waiting ? 0 : 1;
    this.jobStatus(namespace, name, { active: 1, ready, startTime: timestamp(), terminating: 0, ...NONE_UNCOUNTED });
    return pod;
  }

  jobSucceeded(namespace: string, name: string): void {
    const { startTime } = this.statusOf(namespace, name);
    const why = { reason: 'CompletionsReached', message: 'Reached expected number of succeeded pods' };
    this.jobStatus(namespace, name, {
      conditions: [condition('SuccessCriteriaMet', why), condition('Complete', why)],
      ...{ startTime: startTime ?? timestamp(), completionTime: timestamp() },
      ...{ ready: 0, succeeded: 1, terminating: 0, ...NONE_UNCOUNTED },
    });
    this.finishPods(namespace, name, 'Succeeded');
  }

  jobFailed(namespace: string, name: string, reason = 'BackoffLimitExceeded'): void {
    const { startTime } = this.statusOf(namespace, name);
    const messages: Readonly<Record<string, string>> = {
      BackoffLimitExceeded: 'Job has reached the specified backoff limit',
      DeadlineExceeded: 'Job was active longer than specified deadline',
    };
    const why = { reason, message: messages[reason] ?? '' };
    this.jobStatus(namespace, name, {
      conditions: [condition('FailureTarget', why), condition('Failed', why)],
      ...{ startTime: startTime ?? timestamp(), failed: 1, ready: 0, terminating: 0, ...NONE_UNCOUNTED },
    });
    this.finishPods(namespace, name, 'Failed');
  }

  /**
   * Gives Deployments the pods that they want, all of them with one address, until it is ended. They are there at once,
   * and ready after some time. @returns what ends it
   */
  runDeployments(readyAfterMs = 0, place: PodPlace = {}): () => void {
    const timers = new Set<NodeJS.Timeout>();
    const later = (work: () => void) => {
      const timer = setTimeout(() => {
        timers.delete(timer);
        work();
      }, readyAfterMs);
      timers.add(timer);
    };
    const scale = ({ metadata: { namespace, name } }: ApiObject) => {
      this.scale(namespace!, name, place);
      later(() => this.ready(namespace!, name));
    };
    const stop = this.objects.onChange('Deployment', ({ type, before, object }) => {
      const isNew = before?.metadata.generation !== object.metadata.generation;
      // Whoever changed it is answered first.
      if (type !== 'DELETED' && isNew) setImmediate(scale, object);
    });
    this.objects.list('Deployment').forEach(scale);
    return () => {
      stop();
      for (const timer of timers) clearTimeout(timer);
    };
  }

  private scale(namespace: string, name: string, place: PodPlace): void {
    const deployment = this.objects.get('Deployment', namespace, name);
    if (!deployment) return;
    const { replicas } = deployment.spec as { replicas: number };
    const pods = this.podsOf(deployment);
    for (const { metadata } of pods.slice(replicas)) this.end(namespace, metadata.name);
    for (let missing = replicas - pods.length; missing > 0; missing--) {
      this.pod(deployment, 'ReplicaSet', place, 'ContainerCreating');
    }
    this.deploymentStatus(deployment);
  }

  private ready(namespace: string, name: string): void {
    const deployment = this.objects.get('Deployment', namespace, name);
    if (!deployment) return;
    for (const { metadata, status } of this.podsOf(deployment)) {
      if ((status as { phase: string }).phase !== 'Pending') continue;
      this.objects.change('Pod', namespace, metadata.name, ({ spec, status }) => ({
        status: podStatus({ spec, status }),
      }));
    }
    this.deploymentStatus(deployment);
  }

  /** A pod is told to end and is still ready for a moment; then it is gone. */
  private end(namespace: string, name: string): void {
    this.objects.change('Pod', namespace, name, ({ metadata }) => ({
      metadata: { ...metadata, deletionTimestamp: timestamp(), deletionGracePeriodSeconds: 30 },
    }));
    this.objects.delete('Pod', namespace, name);
  }

  private deploymentStatus(deployment: ApiObject): void {
    const { namespace, name, generation } = deployment.metadata;
    const { replicas: wanted } = deployment.spec as { replicas: number };
    const pods = this.podsOf(deployment);
    const ready = pods.filter(({ status }) => (status as { phase: string }).phase === 'Running').length;
    // Zeros aren't written.
    const counts = {
      ...(pods.length ? { replicas: pods.length, updatedReplicas: pods.length } : {}),
      ...(ready ? { readyReplicas: ready, availableReplicas: ready } : {}),
      ...(wanted > ready ? { unavailableReplicas: wanted - ready } : {}),
    };
    const available = wanted > ready ? 'False' : 'True';
    const reason = `MinimumReplicas${wanted > ready ? 'Unavailable' : 'Available'}`;
    const conditions = [condition('Available', { reason }, available)];
    const status = { observedGeneration: generation, ...counts, conditions };
    this.objects.change('Deployment', namespace!, name, () => ({ status }));
  }

  private pod(owner: ApiObject, ownerKind: string, { ip, node = 'node-1' }: PodPlace, waiting?: string): ApiObject {
    const { template } = owner.spec as { template: Template };
    const { namespace, name, uid } = owner.metadata;
    const spec = { ...(template.spec as PodSpec), nodeName: node };
    const reference = { apiVersion: owner.apiVersion, kind: ownerKind, name, uid };
    return this.objects.put({
      kind: 'Pod',
      metadata: {
        ...{ name: `${name}-${suffix()}`, namespace, labels: template.metadata?.labels },
        ownerReferences: [{ ...reference, controller: true, blockOwnerDeletion: true }],
      },
      spec,
      status: podStatus({ spec }, ip, waiting),
    });
  }

  private podsOf({ metadata: { uid, namespace } }: ApiObject): ApiObject[] {
    const pods = this.objects.list('Pod', namespace);
    return pods.filter(({ metadata }) => metadata.ownerReferences?.some((owner) => owner.uid === uid));
  }

  private finishPods(namespace: string, name: string, phase: 'Succeeded' | 'Failed'): void {
    const exit = phase === 'Succeeded' ? { exitCode: 0, reason: 'Completed' } : { exitCode: 1, reason: 'Error' };
    for (const { metadata } of this.podsOf(this.objects.get('Job', namespace, name)!)) {
      this.objects.change('Pod', namespace, metadata.name, ({ status }) => {
        const before = status as { startTime: string; containerStatuses: object[] };
        const terminated = { ...exit, startedAt: before.startTime, finishedAt: timestamp() };
        const ended = before.containerStatuses.map((container) => ({
          ...container,
          ...{ ready: false, started: false, state: { terminated } },
        }));
        const conditions = [condition('PodScheduled', {}), condition('Ready', { reason: 'PodCompleted' }, 'False')];
        return { status: { ...before, phase, conditions, containerStatuses: ended } };
      });
    }
  }

  private statusOf(namespace: string, name: string): { startTime?: string } {
    return (this.objects.get('Job', namespace, name)?.status ?? {}) as { startTime?: string };
  }

  private jobStatus(namespace: string, name: string, status: object): void {
    this.objects.change('Job', namespace, name, () => ({ status }));
  }
}

/** Of a pod that runs, or waits for a reason. */
function podStatus(pod: Record<string, unknown>, ip?: string, waiting?: string): object {
  const { containers = [] } = pod.spec as PodSpec;
  const podIP = ip ?? (pod.status as { podIP?: string } | undefined)?.podIP ?? '127.0.0.1';
  const state = waiting ? { waiting: { reason: waiting } } : { running: { startedAt: timestamp() } };
  const isReady = waiting ? 'False' : 'True';
  return {
    ...{ phase: waiting ? 'Pending' : 'Running', hostIP: podIP, podIP, podIPs: [{ ip: podIP }] },
    startTime: timestamp(),
    conditions: [
      ...['PodScheduled', 'Initialized'].map((type) => condition(type, {})),
      ...['ContainersReady', 'Ready'].map((type) => condition(type, {}, isReady)),
    ],
    containerStatuses: containers.map(({ name, image }) => ({
      ...{ name, image, imageID: '', restartCount: 0, ready: !waiting, started: !waiting, state, lastState: {} },
    })),
  };
}

const NONE_UNCOUNTED = { uncountedTerminatedPods: {} };

const condition = (type: string, why: object, status = 'True') => ({
  ...{ type, status, lastProbeTime: timestamp(), lastTransitionTime: timestamp() },
  ...why,
});
