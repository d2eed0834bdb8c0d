import { SERVICE_LABEL } from '../../../contract';
import { Deployment, isTrue, Pod } from '../kubernetes/objects';

/** A pod of a service's Deployment. */
export interface WarmPod {
  readonly name: string;
  readonly service: string;
  readonly ip: string;
  /** Takes requests: it is ready, and not about to end. */
  readonly ready: boolean;
  /** Why its container doesn't run, in the words of Kubernetes: `ImagePullBackOff: …`. */
  readonly waiting?: string;
}

/** A service's Deployment. */
export interface Scale {
  readonly service: string;
  /** As it is to be. */
  readonly replicas: number;
  /** Nobody has changed it since it was created: of its pods nobody has asked for any. */
  readonly asCreated?: boolean;
}

type Listener = (service: string) => void;

/** The services' warm pods and their Deployments. */
export class WarmPods {
  private readonly byService = new Map<string, Map<string, WarmPod>>();
  private readonly services = new Map<string, string>();
  private readonly scales = new Map<string, Scale>();
  private readonly listeners = new Set<Listener>();

  onPod = (name: string, pod: WarmPod | undefined): void => {
    const service = pod?.service ?? this.services.get(name);
    if (service === undefined) return;
    if (pod) {
      this.services.set(name, service);
      const pods = this.byService.get(service);
      if (pods) pods.set(name, pod);
      else this.byService.set(service, new Map([[name, pod]]));
    } else {
      this.services.delete(name);
      const pods = this.byService.get(service);
      pods?.delete(name);
      if (pods?.size === 0) this.byService.delete(service);
    }
    this.tell(service);
  };

  onDeployment = (name: string, scale: Scale | undefined): void => {
    if (scale) this.scales.set(name, scale);
    else this.scales.delete(name);
    this.tell(name);
  };

  /** All of a service's pods, also those that aren't ready. */
  of(service: string): WarmPod[] {
    return [...(this.byService.get(service)?.values() ?? [])];
  }

  ready(service: string): WarmPod[] {
    return this.of(service).filter((pod) => pod.ready);
  }

  /** How many pods the Deployment is to have; undefined: there is no Deployment. */
  replicas(service: string): number | undefined {
    return this.scales.get(service)?.replicas;
  }

  /** Nobody has asked for the pods that the service is to have. */
  isAsCreated(service: string): boolean {
    return this.scales.get(service)?.asCreated === true;
  }

  /** Calls with the name of a service whose pods or Deployment changed. @returns what ends that */
  onChange(listener: Listener): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  private tell(service: string): void {
    for (const listener of this.listeners) listener(service);
  }
}

export function warmPod({ metadata, status = {} }: Pod): WarmPod {
  const waiting = status.containerStatuses?.map(({ state }) => state?.waiting).find((one) => one?.reason);
  const words = [waiting?.reason, waiting?.message].filter(Boolean).join(': ');
  return {
    name: metadata.name,
    service: metadata.labels?.[SERVICE_LABEL] ?? '',
    ip: status.podIP ?? '',
    ready: isTrue(status.conditions, 'Ready') && !metadata.deletionTimestamp && Boolean(status.podIP),
    ...(words ? { waiting: words } : {}),
  };
}

export function scaleOf({ metadata, spec = {} }: Deployment): Scale {
  return { service: metadata.name, replicas: spec.replicas ?? 1, asCreated: metadata.generation === 1 };
}
