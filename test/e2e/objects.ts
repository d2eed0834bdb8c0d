/** As much of Kubernetes' objects as the tests read. */
export interface KubernetesObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly uid?: string;
    readonly creationTimestamp?: string;
    readonly deletionTimestamp?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly ownerReferences?: readonly { readonly kind: string }[];
    readonly managedFields?: readonly { readonly manager: string; readonly operation: string }[];
  };
}

interface ContainerState {
  readonly terminated?: { readonly exitCode: number; readonly reason?: string; readonly message?: string };
}

export interface Pod extends KubernetesObject {
  readonly spec: { readonly nodeName?: string };
  readonly status: {
    readonly phase: string;
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
    readonly startTime?: string;
    readonly podIP?: string;
    readonly containerStatuses?: readonly {
      readonly restartCount: number;
      readonly state: ContainerState;
      /** Of the container before it. */
      readonly lastState?: ContainerState;
    }[];
  };
}

export interface Service extends KubernetesObject {
  readonly spec: { readonly clusterIP: string; readonly ports: readonly { readonly nodePort?: number }[] };
}

export interface Node extends KubernetesObject {
  readonly spec: {
    readonly unschedulable?: boolean;
    readonly taints?: readonly { readonly key: string; readonly effect: string }[];
  };
  readonly status: { readonly addresses: readonly { readonly type: string; readonly address: string }[] };
}

export interface Deployment extends KubernetesObject {
  readonly spec: { readonly replicas?: number };
}

export interface Job extends KubernetesObject {
  readonly status: {
    readonly active?: number;
    readonly failed?: number;
    readonly succeeded?: number;
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
  };
}

export interface CronJob extends KubernetesObject {
  readonly spec: {
    readonly jobTemplate: {
      readonly metadata: object;
      readonly spec: { readonly template: { readonly spec: { readonly containers: readonly { env?: object[] }[] } } };
    };
  };
}

export interface Secret extends KubernetesObject {
  readonly data: Readonly<Record<string, string>>;
}

export const isReady = ({ status }: Pod) =>
  status.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false;

export const isOfJob = ({ metadata }: Pod) => metadata.labels?.['batch.kubernetes.io/job-name'] !== undefined;

export const restartsOf = ({ status }: Pod) =>
  (status.containerStatuses ?? []).reduce((sum, { restartCount }) => sum + restartCount, 0);

export const wasKilledForMemory = ({ status }: Pod) =>
  (status.containerStatuses ?? []).some(({ state, lastState }) =>
    [state, lastState].some((one) => one?.terminated?.reason === 'OOMKilled'),
  );

/** How a Job ended, if it did. */
export const jobEnd = ({ status }: Job) =>
  status.conditions?.find(({ type, status }) => ['Complete', 'Failed'].includes(type) && status === 'True')?.type;

export interface EndpointSlice extends KubernetesObject {
  readonly endpoints?: readonly { readonly nodeName?: string; readonly conditions: { readonly ready?: boolean } }[];
}
