import { randomBytes } from 'node:crypto';
import { Client, Reply, ServerAt } from '../double';

export const LABEL = 'oscar-cdk8s-behaviour';
export const BUSYBOX = { name: 'main', image: 'busybox:1.37', command: ['true'] };
export const NOON = '2026-01-01T12:00:00Z';

export const namesOf = ({ body }: Reply): string[] => body.items.map((item: Reply['body']) => item.metadata.name);

/** One run of the tests against a server: what it makes is not another's, and goes at its end. */
export class Run {
  readonly id = randomBytes(4).toString('hex');

  /** @param server asked for late: it may not have been started yet */
  constructor(private readonly server: () => ServerAt) {}

  get namespace(): string {
    return this.server().namespace;
  }

  client = () => new Client(this.server());
  core = () => `/api/v1/namespaces/${this.namespace}`;
  jobs = () => `/apis/batch/v1/namespaces/${this.namespace}/jobs`;
  deployments = () => `/apis/apps/v1/namespaces/${this.namespace}/deployments`;

  nameOf = (name: string) => `${name}-${this.id}`;

  /** Query of the objects of a group. */
  selector = (group: string) => `labelSelector=${encodeURIComponent(`${LABEL}=${group}-${this.id}`)}`;

  job(name: string, group = 'others') {
    return {
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: { name: this.nameOf(name), labels: { [LABEL]: `${group}-${this.id}`, [`${LABEL}-run`]: this.id } },
      spec: { suspend: true, template: { spec: { restartPolicy: 'Never', containers: [BUSYBOX] } } },
    };
  }

  /** @returns their names */
  async makeJobs(group: string, count: number): Promise<string[]> {
    const made = Array.from({ length: count }, (_, index) => this.job(`${group}-${index}`, group));
    for (const one of made) expect((await this.client().post(this.jobs(), one)).status).toBe(201);
    return made.map(({ metadata }) => metadata.name);
  }

  async removeAll(): Promise<void> {
    const ours = `labelSelector=${encodeURIComponent(`${LABEL}-run=${this.id}`)}&propagationPolicy=Background`;
    const core = ['configmaps', 'secrets', 'events'].map((plural) => `${this.core()}/${plural}`);
    for (const path of [this.jobs(), this.deployments(), ...core]) await this.client().delete(`${path}?${ours}`);
  }
}
