import { Cluster, eventually } from './cluster';
import { frame } from './examples';
import { hasResults, jobsFor } from './jobs';
import { Manager } from './manager';
import type { Scenario } from './scenario';
import { SERVICES } from './steps';
import { Store } from './store';
import { sweep } from './sweeps';

const SERVICE = 'find-objects';
const NAME = 'oscar-e2e-no-jobs';
const policy = (service: string) => ({
  apiVersion: 'admissionregistration.k8s.io/v1',
  kind: 'ValidatingAdmissionPolicy',
  metadata: { name: NAME },
  spec: {
    failurePolicy: 'Fail',
    matchConstraints: {
      resourceRules: [{ apiGroups: ['batch'], apiVersions: ['v1'], operations: ['CREATE'], resources: ['jobs'] }],
    },
    validations: [{ expression: `!object.metadata.name.startsWith('${service}-')`, message: 'none of these, for now' }],
  },
});
const BINDING = {
  apiVersion: 'admissionregistration.k8s.io/v1',
  kind: 'ValidatingAdmissionPolicyBinding',
  metadata: { name: NAME },
  spec: { policyName: NAME, validationActions: ['Deny'] },
};

/** Whoever guards the cluster says no to Jobs, and then no longer: the upload was told as refused, and is not lost. */
export function refusedJobsAreAskedForAgain(scenario: Scenario): void {
  scenario.step(
    'a policy refuses Jobs for a while: the upload is a dead letter, and has its Job afterwards',
    async () => {
      const { cluster } = scenario;
      if (!(await hasPolicies(cluster))) {
        process.stderr.write('SKIPPED, as this Kubernetes has no ValidatingAdmissionPolicy, which 1.30 brought\n');
        return;
      }
      const store = await Store.of(cluster);
      const upload = frame('refused at first');
      await whileRefused(cluster, SERVICE, async () => {
        await store.put(upload.path, upload.content);
        await eventually('it is a dead letter', 60, () => isDeadLetter(cluster, upload.path));
        expect(await sweep(cluster)).toMatchObject({ refused: 1, stored: 0, left: 0 });
        await expect(jobsFor(cluster, SERVICE, upload.path)).rejects.toThrow('no Job');
      });
      expect(await sweep(cluster)).toMatchObject({ refused: 0, stored: 1, left: 0 });
      await eventually('there are results', 120, () => hasResults(store, upload));
      expect(await jobsFor(cluster, SERVICE, upload.path)).toHaveLength(1);
    },
  );
}

/** A policy of the cluster takes no Job of a service while `work` is done. */
export async function whileRefused(cluster: Cluster, service: string, work: () => Promise<void>): Promise<void> {
  try {
    for (const object of [policy(service), BINDING]) await cluster.apply(object);
    await eventually('the policy refuses', 60, async () => !(await isTaken(cluster, service)));
    await work();
  } finally {
    // They are the whole cluster's.
    const kinds = [BINDING.kind, policy(service).kind];
    await cluster.kubectl('delete', ...kinds.map((kind) => `${kind}/${NAME}`), '--ignore-not-found');
  }
  await eventually('nothing refuses any longer', 60, () => isTaken(cluster, service));
}

async function hasPolicies(cluster: Cluster): Promise<boolean> {
  const versions = await cluster.kubectl('api-resources', '--api-group=admissionregistration.k8s.io', '--no-headers');
  return versions.includes(`${policy('').apiVersion} `) && versions.includes(` ${BINDING.kind}`);
}

async function isTaken(cluster: Cluster, service: string): Promise<boolean> {
  const job = ['create', 'job', '-n', SERVICES, `${service}-try`, '--image=busybox', '--dry-run=server'];
  const { code, output } = await cluster.tryKubectl(...job);
  if (code !== 0 && !output.includes(NAME)) throw new Error(output);
  return code === 0;
}

async function isDeadLetter(cluster: Cluster, path: string): Promise<boolean> {
  const { dead_letters: letters } = await (
    await Manager.of(cluster)
  ).read<{ dead_letters: { bucket: string; key: string; problem: string }[] }>('/system/dead-letters');
  return letters.some(({ bucket, key, problem }) => `${bucket}/${key}` === path && problem.includes('for now'));
}
