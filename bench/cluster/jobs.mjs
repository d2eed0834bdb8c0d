// Jobs and their pods as they come, by this machine's clock: Kubernetes tells its own in whole seconds.

export class Jobs {
  /** @param annotation of a Job: what it is about */
  static async follow(proxy, namespace, annotation) {
    const jobs = new Jobs(proxy, namespace, annotation);
    await proxy.watch(`/apis/batch/v1/namespaces/${namespace}/jobs`, (job) => jobs.seeJob(job));
    await proxy.watch(`${jobs.pods}`, (pod) => jobs.seePod(pod));
    return jobs;
  }

  constructor(proxy, namespace, annotation) {
    this.proxy = proxy;
    this.annotation = annotation;
    this.pods = `/api/v1/namespaces/${namespace}/pods`;
    /** By name: when it was created and complete. */
    this.byName = new Map();
    /** By what it is about. */
    this.byObject = new Map();
    /** By the Job's name: its pod's, and when a node was found for it. */
    this.podOf = new Map();
    this.problems = [];
  }

  /** @returns Jobs that a run of the benchmark made: their names, or their files', begin with its own */
  namesOf(run) {
    const files = [...this.byObject].filter(([path]) => path.split('/').at(-1).startsWith(`${run}-`));
    const bare = [...this.byName.keys()].filter((name) => name.startsWith(`${run}-`));
    return [...bare, ...files.map(([, { name }]) => name)];
  }

  /** When a Job's pod was where. @param text of its log, each line with the time at which the node took it */
  async momentsOf(name) {
    const { pod, made, scheduled } = this.podOf.get(name);
    const text = await this.proxy.read(`${this.pods}/${pod}/log?timestamps=true`);
    return { made, scheduled, text };
  }

  seeJob({ metadata: { name, annotations, deletionTimestamp }, status }) {
    if (deletionTimestamp) return;
    const about = annotations?.[this.annotation];
    const known = this.byName.get(name) ?? { name, created: Date.now() };
    if (!this.byName.has(name)) {
      this.byName.set(name, known);
      if (about !== undefined && this.byObject.has(about)) this.problems.push(`${about} has two Jobs`);
      if (about !== undefined) this.byObject.set(about, known);
    }
    const has = (type) =>
      status?.conditions?.some((condition) => condition.type === type && condition.status === 'True');
    if (has('Failed')) this.problems.push(`${about ?? name} failed`);
    if (has('Complete')) known.complete ??= Date.now();
  }

  seePod({ metadata: { name, labels }, spec }) {
    const job = labels?.['batch.kubernetes.io/job-name'];
    if (job === undefined) return;
    const known = this.podOf.get(job) ?? { pod: name, made: Date.now() };
    this.podOf.set(job, known);
    if (spec.nodeName) known.scheduled ??= Date.now();
  }
}
