import { serviceSecrets } from '../../../contract';
import type { Log } from '../../common/log';
import { isPassing, KubernetesApi, KubernetesUnreachable, reasonOf } from '../kubernetes/api';
import { isSecret } from './same';

export interface ServiceTokensOptions {
  readonly api: Pick<KubernetesApi, 'call'>;
  /** The services'. */
  readonly namespace: string;
  /** Whether there is such a service: of no other is a Secret asked for. */
  readonly exists: (service: string) => boolean;
  readonly log: Log;
  readonly now?: () => number;
}

/** A token that was replaced lets nobody in after so long. */
const FRESH_MS = 60_000;
/** A token that doesn't fit may be a new one: it is looked for at once, but wrong ones cost no more than that. */
const PAUSE_MS = 2_000;
/** While Kubernetes is away, a token that is known serves on, and only now and then a caller waits for another try. */
const AWAY_MS = 10_000;
const TIMEOUT_MS = 3_000;
const SERVICES = 10_000;
/** Stands for all services that there are not. */
const NOBODY = '';

interface Known {
  /** Undefined: there is none, which is never taken for known for long. */
  readonly token: string | undefined;
  readonly at: number;
  /** Why it could not be read anew. */
  readonly failure?: KubernetesUnreachable;
}

/** The services' tokens, read from their Secrets by name when they are needed. */
export class ServiceTokens {
  private readonly known = new Map<string, Known>();
  private readonly reading = new Map<string, Promise<Known>>();
  private readonly now: () => number;

  constructor(private readonly options: ServiceTokensOptions) {
    this.now = options.now ?? (() => performance.now());
  }

  /**
   * To be told: whoever uses it may come to another manager, which knows the Secret's last change.
   * @throws KubernetesUnreachable when it isn't known and can't be read
   */
  async of(service: string): Promise<string | undefined> {
    if (!this.options.exists(service)) return undefined;
    const known = this.known.get(service);
    const freshMs = known?.failure ? FRESH_MS : PAUSE_MS;
    return (known && this.age(known) < freshMs ? known : await this.reread(service)).token;
  }

  /**
   * Of a service that there is not, Kubernetes is asked as of any other: neither the time nor a failure tells a caller
   * which there are.
   * @throws KubernetesUnreachable when what is known doesn't fit, and nothing newer can be read
   */
  async matches(service: string, presented: string): Promise<boolean> {
    const name = this.options.exists(service) ? service : NOBODY;
    let known = this.known.get(name);
    const freshMs = isSecret(presented, known?.token) ? FRESH_MS : PAUSE_MS;
    if (!known || this.age(known) >= freshMs) known = await this.reread(name);
    if (isSecret(presented, known.token)) return true;
    if (known.failure) throw known.failure;
    return false;
  }

  private age({ at }: Known): number {
    return this.now() - at;
  }

  /** What was known before stays in use while Kubernetes is away. Callers at the same time wait for one answer. */
  private async reread(service: string): Promise<Known> {
    let reading = this.reading.get(service);
    if (!reading) {
      reading = this.read(service).finally(() => this.reading.delete(service));
      this.reading.set(service, reading);
    }
    try {
      return await reading;
    } catch (error) {
      const before = this.known.get(service);
      if (!before?.token || !(error instanceof KubernetesUnreachable)) throw error;
      return this.remember(service, { ...before, at: this.now() - FRESH_MS + AWAY_MS, failure: error });
    }
  }

  private async read(service: string): Promise<Known> {
    const { api, namespace, log } = this.options;
    const at = this.now();
    const secret = serviceSecrets(service).token;
    const path = service === NOBODY ? '/version' : `/api/v1/namespaces/${namespace}/secrets/${secret}`;
    const answer = await api.call('GET', path, { timeoutMs: TIMEOUT_MS });
    const { status } = answer;
    if (isPassing(status)) {
      throw new KubernetesUnreachable(`a token can't be read (${path}): ${reasonOf(answer)}`);
    }
    if (service === NOBODY) return this.remember(service, { token: undefined, at });
    if (status !== 200) log('warning', `the Secret ${secret} can't be read`, { service, reason: reasonOf(answer) });
    const { data } = (status === 200 ? answer.body : {}) as { data?: { token?: string } };
    const token =
      Buffer.from(data?.token ?? '', 'base64')
        .toString('utf8')
        .trim() || undefined;
    return this.remember(service, { token, at });
  }

  private remember(service: string, known: Known): Known {
    this.known.delete(service);
    this.known.set(service, known);
    if (this.known.size > SERVICES) this.known.delete(this.known.keys().next().value!);
    return known;
  }
}
