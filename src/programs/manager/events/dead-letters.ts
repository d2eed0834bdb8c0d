import { contentHash, DEAD_LETTER_REASON, EventIdentity, managerName, ManagerSettings } from '../../../contract';
import type { Log } from '../../common/log';
import { KubernetesApi, MERGE_PATCH, reasonOf } from '../kubernetes/api';

/** An event that nobody can ever use. */
export interface DeadLetter {
  /** What is wrong with it. */
  readonly problem: string;
  /** As far as it is known. */
  readonly event?: Partial<EventIdentity>;
}

/** Annotations of a dead letter's Kubernetes Event. */
export const DEAD_LETTER_ANNOTATIONS = {
  problem: 'oscar-cdk8s/problem',
  bucket: 'oscar-cdk8s/bucket',
  key: 'oscar-cdk8s/key',
  eventName: 'oscar-cdk8s/event-name',
} as const;

/** So many may come at once, then one a second: a store that is set up wrong must not fill Kubernetes with Events. */
const BURST = 20;
const PER_SECOND = 1;
const LONGEST_MESSAGE = 1024;
const LONGEST_SHOWN = 256;

/**
 * Keeps dead letters where a person looks: in the log, and as Kubernetes Events of the manager's Deployment, which
 * `kubectl describe` and `/system/dead-letters` show for as long as the cluster keeps Events (an hour by default).
 */
export class DeadLetters {
  private tokens = BURST;
  private filledAt = performance.now();
  private leftOut = 0;
  private uid: string | undefined;

  constructor(
    private readonly api: KubernetesApi,
    private readonly settings: Pick<ManagerSettings, 'name' | 'namespace'>,
    private readonly log: Log,
  ) {}

  /** Never fails: what Kubernetes doesn't take is in the log. */
  async record(letter: DeadLetter): Promise<void> {
    const { problem, event = {} } = letter;
    const { bucket, key, eventName } = event;
    this.log('warning', 'dead letter', { problem, bucket: shown(bucket), key: shown(key), event: shown(eventName) });
    if (!this.takeToken()) {
      this.leftOut++;
      return;
    }
    try {
      await this.store(letter);
    } catch (error) {
      this.log('error', 'a dead letter is in this log only', { reason: (error as Error).message });
    }
  }

  private async store(letter: DeadLetter): Promise<void> {
    const path = `/api/v1/namespaces/${this.settings.namespace}/events`;
    const event = this.eventOf(letter, await this.ownUid());
    const answer = await this.api.call('POST', path, { body: event });
    if (answer.status === 201) return;
    if (answer.status !== 409) throw new Error(reasonOf(answer));
    // The same one again: its Event is there.
    const body = { lastTimestamp: event.lastTimestamp };
    const again = await this.api.call('PATCH', `${path}/${event.metadata.name}`, { body, contentType: MERGE_PATCH });
    if (again.status !== 200) throw new Error(reasonOf(again));
  }

  private eventOf({ problem, event = {} }: DeadLetter, uid: string | undefined) {
    const { namespace, name: platform } = this.settings;
    const manager = managerName(platform);
    const { versionId = '', sequencer = '' } = event;
    const [bucket, key, eventName] = [event.bucket, event.key, event.eventName].map(shown);
    const now = new Date().toISOString().replace(/\.\d+Z$/, 'Z');
    const more = this.leftOut > 0 ? ` (${this.leftOut} more before it are in the manager's log only)` : '';
    this.leftOut = 0;
    const where = bucket || key ? `: ${eventName || 'event'} of ${bucket}/${key}` : '';
    const { problem: problemAt, bucket: bucketAt, key: keyAt, eventName: nameAt } = DEAD_LETTER_ANNOTATIONS;
    return {
      apiVersion: 'v1',
      kind: 'Event',
      metadata: {
        name: `${manager}.${contentHash([problem, event.bucket ?? '', event.key ?? '', eventName, versionId, sequencer], 16)}`,
        namespace,
        annotations: { [problemAt]: problem, [bucketAt]: bucket, [keyAt]: key, [nameAt]: eventName },
      },
      involvedObject: { apiVersion: 'apps/v1', kind: 'Deployment', name: manager, namespace, ...(uid ? { uid } : {}) },
      reason: DEAD_LETTER_REASON,
      message: `${problem}${where}${more}`.slice(0, LONGEST_MESSAGE),
      type: 'Warning',
      source: { component: manager },
      reportingComponent: manager,
      reportingInstance: process.env.HOSTNAME ?? manager,
      firstTimestamp: now,
      lastTimestamp: now,
      count: 1,
    };
  }

  /** `kubectl describe` finds Events by it. */
  private async ownUid(): Promise<string | undefined> {
    const path = `/apis/apps/v1/namespaces/${this.settings.namespace}/deployments/${managerName(this.settings.name)}`;
    this.uid ??= ((await this.api.call('GET', path)).body as { metadata?: { uid?: string } } | null)?.metadata?.uid;
    return this.uid;
  }

  private takeToken(): boolean {
    const now = performance.now();
    this.tokens = Math.min(BURST, this.tokens + ((now - this.filledAt) / 1000) * PER_SECOND);
    this.filledAt = now;
    if (this.tokens < 1) return false;
    this.tokens--;
    return true;
  }
}

/** An event's words are anybody's text. */
const shown = (key = '') => (key.length > LONGEST_SHOWN ? `${key.slice(0, LONGEST_SHOWN)}…` : key);
