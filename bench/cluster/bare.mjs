// Jobs without a platform: what Kubernetes itself takes for a pod that says a word and ends.

const IMAGE = 'docker.io/library/busybox:1.36';
const PATIENCE_SECONDS = 400;

export class BareJobs {
  constructor({ kit, proxy, jobs }) {
    Object.assign(this, { kit, proxy, jobs });
    this.path = `/apis/batch/v1/namespaces/${kit.SERVICES}/jobs`;
  }

  /** @returns its moments, in milliseconds since 1970 */
  async run(name) {
    const sent = Date.now();
    await this.proxy.create(this.path, bareJob(name));
    const job = () => this.jobs.byName.get(name);
    await this.kit.eventually(`${name} is complete`, PATIENCE_SECONDS, async () => job()?.complete !== undefined);
    const { made, scheduled, text } = await this.jobs.momentsOf(name);
    return { ...job(), sent, made, scheduled, started: Date.parse(text.split(' ')[0]) };
  }

  runAtOnce(name, count) {
    return Promise.all(Array.from({ length: count }, (_, index) => this.run(`${name}-${index}`)));
  }
}

function bareJob(name) {
  const container = { name: 'echo', image: IMAGE, command: ['echo', 'started'] };
  const template = { spec: { restartPolicy: 'Never', automountServiceAccountToken: false, containers: [container] } };
  return { apiVersion: 'batch/v1', kind: 'Job', metadata: { name }, spec: { backoffLimit: 0, template } };
}
