import { setTimeout as sleep } from 'node:timers/promises';
import { Cluster, eventually } from './cluster';
import { removalOfUndeclared } from './documented';
import { jobsFor, jobsOf, objectOf } from './jobs';
import { Manager } from './manager';
import { Job, jobEnd } from './objects';
import { provisionAgain } from './provisioning';
import { whileRefused } from './refused-jobs';
import type { Scenario } from './scenario';
import { EVERY_SERVICE, PLATFORM, SERVICES } from './steps';
import type { Store } from './store';
import { sweep } from './sweeps';

export interface Given {
  readonly scenario: Scenario;
  readonly cluster: Cluster;
  readonly store: Store;
  /** How many times as fast time passes for the rules. */
  readonly factor: number;
  /** Waits until an alert fires. */
  readonly told: (alert: string) => Promise<void>;
}

/** Something that happens to platforms, and the alerts that tell of it. */
export interface Cause {
  readonly title: string;
  readonly alerts: readonly string[];
  /** Brings it about, does `work`, and takes it away. */
  during(given: Given, work: () => Promise<void>): Promise<void>;
}

const NOBODY_MADE = 'docker.io/library/nobody-made-it:1';
/** Of tries of the provisioner. */
const PROVISIONER_SECONDS = 3600;
/** Between two calls of somebody who goes on calling. */
const CALL_PAUSE_MS = 200;

/** More than ten wait in the store then. */
export const LATE = 15;

const jobsThatFail: Cause = {
  title: "five files, on each of which a service's script fails",
  alerts: ['OscarJobsFailing'],
  async during({ store }, work) {
    await put(store, 'uploads/fails', 5);
    await work();
  },
};

const callsThatFail: Cause = {
  title: 'calls of a service whose script fails',
  alerts: ['OscarCallsFailing'],
  async during({ cluster }, work) {
    const manager = await Manager.of(cluster);
    const as = await manager.tokenOf('fails');
    // Of another type it could be no input, which is the caller's mistake.
    const call = () =>
      manager.call('POST', '/run/fails', { as, contentType: 'application/octet-stream', body: 'a call' });
    expect((await call()).status).toBe(500);
    let isOver = false;
    const calling = async () => {
      for (; !isOver; await sleep(CALL_PAUSE_MS)) await call().catch(() => {});
    };
    await Promise.all([calling(), work().finally(() => (isOver = true))]);
  },
};

const aLostEvent: Cause = {
  title: 'a bucket without its rule gets a file, which the sweep finds; then the provisioner writes the rule again',
  alerts: ['OscarEventsLost'],
  async during({ scenario, cluster, store }, work) {
    await store.tellsOf('lost', []);
    await put(store, 'lost/in', 1);
    // The sweep itself writes rules again where an upload has waited for a minute.
    await sweep(cluster);
    await provisionAgain(scenario);
    expect(await store.rulesOf('lost')).toBeGreaterThan(0);
    await work();
  },
};

const aLineThatStands: Cause = {
  title: "the manager's Role lacks `patch` of Jobs, and two files come for a service whose Jobs wait for their turn",
  alerts: ['OscarLineStandsStill'],
  async during({ cluster, store }, work) {
    const role = ['role', '-n', SERVICES, 'oscar-manager'];
    const { rules } = await cluster.get<{ rules: { verbs: string[]; resources: string[] }[] }>(...role);
    const without = rules.map((rule) =>
      rule.resources.includes('jobs') ? { ...rule, verbs: rule.verbs.filter((verb) => verb !== 'patch') } : rule,
    );
    const set = (now: object) =>
      cluster.kubectl('patch', ...role, '--type=merge', '-p', JSON.stringify({ rules: now }));
    await set(without);
    try {
      await put(store, 'uploads/turns', 2, 'turn');
      await work();
    } finally {
      await set(rules);
    }
  },
};

const refusedJobs: Cause = {
  title: "a policy of the cluster that refuses a service's Jobs, to an event and to the sweep",
  alerts: ['OscarDeadLetters', 'OscarSweepRefused'],
  async during({ cluster, store, told }, work) {
    await whileRefused(cluster, 'refused', async () => {
      await put(store, 'uploads/refused', 1);
      await told('OscarDeadLetters');
      await sweep(cluster);
      await work();
    });
  },
};

const aSuspendedSweep: Cause = {
  title: 'the CronJob of the sweep is suspended',
  alerts: ['OscarSweepOverdue'],
  async during({ cluster }, work) {
    const suspend = (is: boolean) => patch(cluster, PLATFORM, 'cronjob/oscar-sweep', { suspend: is });
    await suspend(true);
    try {
      await work();
    } finally {
      await suspend(false);
    }
  },
};

const anImageNobodyMade: Cause = {
  title: 'an environment that names an image of Node which nobody made; then the one before is applied again',
  alerts: [
    'OscarPodWaits',
    'OscarProvisionerFailed',
    'OscarSupervisorMissing',
    'OscarJobsWait',
    'OscarServicePodsNotReady',
  ],
  async during({ scenario, cluster, store, factor }, work) {
    const layer = { version: '1.0.0-mistaken', platform: { images: { node: NOBODY_MADE } } };
    await cluster.kubectl('apply', '--server-side', '-f', await scenario.laidOver(layer));
    try {
      await giveUpAfter(cluster, PROVISIONER_SECONDS / factor);
      await put(store, 'uploads/in', 1, 'waits');
      await eventually('its Job waits', 60, () => jobsFor(cluster, 'checksum', 'uploads/in/waits-0'));
      await wake(cluster, 'checksum');
      await work();
    } finally {
      await cluster.kubectl('apply', '--server-side', '-f', scenario.folder);
      await cluster.kubectl(...removalOfUndeclared('alerts', '1.0.0'));
      // Its Job waits for a version of the supervisor that will never be there.
      await store.remove('uploads/in/waits-0');
      await cluster.kubectl('delete', 'jobs', '-n', SERVICES, '-l', `${EVERY_SERVICE}=checksum`);
    }
  },
};

const aFullStore: Cause = {
  title: 'files of 240 MiB in a store that holds 256 MiB; then they are deleted',
  alerts: ['OscarStoreNearlyFull'],
  async during({ store }, work) {
    const content = Buffer.alloc(40 * 2 ** 20, 'x');
    for (let file = 0; file < 6; file++) await store.put(`fill/${file}`, content);
    try {
      await work();
    } finally {
      await store.mc('rm', '--recursive', '--force', '--quiet', 'store/fill');
    }
  },
};

const aUsedUpQuota: Cause = {
  title: `a quota of Jobs that is used up, and ${LATE} files`,
  alerts: ['OscarEventsLate', 'OscarEventQueueGrows'],
  async during({ cluster, store }, work) {
    const metadata = { name: 'oscar-e2e-no-jobs', namespace: SERVICES };
    await cluster.apply({
      apiVersion: 'v1',
      kind: 'ResourceQuota',
      metadata,
      spec: { hard: { 'count/jobs.batch': '0' } },
    });
    try {
      await eventually('the quota holds', 30, async () => {
        const { status } = await cluster.get<{ status?: object }>('resourcequota', '-n', SERVICES, metadata.name);
        expect(status).toMatchObject({ hard: { 'count/jobs.batch': '0' } });
      });
      await put(store, 'uploads/in', LATE, 'late');
      await work();
    } finally {
      await cluster.kubectl('delete', 'resourcequota', '-n', SERVICES, metadata.name);
    }
    await eventually('each file has its Job', 60, async () => {
      const files = (await jobsOf(cluster, 'checksum')).map(objectOf).filter((path) => path?.includes('/late-'));
      expect(files).toHaveLength(LATE);
    });
  },
};

const noManager: Cause = {
  title: 'the Deployment of the manager is scaled to 0',
  alerts: ['OscarManagerDown', 'OscarMetricsMissing'],
  async during({ cluster }, work) {
    await scale(cluster, 'deployment/oscar-manager', 0);
    try {
      await work();
    } finally {
      await scale(cluster, 'deployment/oscar-manager', 2);
    }
  },
};

const noStore: Cause = {
  title: 'the StatefulSet of the store is scaled from 4 to 3, and then to 0',
  alerts: ['OscarDrivesOffline', 'OscarStoreDown'],
  async during({ cluster, told }, work) {
    try {
      await scale(cluster, 'statefulset/oscar-minio', 3);
      await told('OscarDrivesOffline');
      await scale(cluster, 'statefulset/oscar-minio', 0);
      await work();
    } finally {
      await scale(cluster, 'statefulset/oscar-minio', 4);
    }
  },
};

/** One stage after the other: what is in one doesn't keep anything else there from being told. */
export const STAGES: readonly (readonly Cause[])[] = [
  // Before anything waits in the store's queue, or is refused.
  [aLostEvent],
  // The quota last: those before it have their Jobs by then.
  [jobsThatFail, aLineThatStands, refusedJobs, callsThatFail, aUsedUpQuota],
  [aSuspendedSweep, anImageNobodyMade, aFullStore],
  [noManager, noStore],
];

async function put(store: Store, folder: string, count: number, name = 'file'): Promise<void> {
  for (let file = 0; file < count; file++) await store.put(`${folder}/${name}-${file}`, `${name} ${file}`);
}

function patch(cluster: Cluster, namespace: string, object: string, spec: object): Promise<string> {
  return cluster.kubectl('patch', '-n', namespace, object, '--type=merge', '-p', JSON.stringify({ spec }));
}

function scale(cluster: Cluster, workload: string, replicas: number): Promise<string> {
  return cluster.kubectl('scale', '-n', PLATFORM, workload, `--replicas=${replicas}`);
}

/** The provisioner's Job that is not over. */
async function giveUpAfter(cluster: Cluster, activeDeadlineSeconds: number): Promise<void> {
  const jobs = await cluster.list<Job>('jobs', '-n', PLATFORM, '-l', 'app.kubernetes.io/component=provisioner');
  for (const job of jobs.filter((job) => !jobEnd(job)))
    await patch(cluster, PLATFORM, `job/${job.metadata.name}`, { activeDeadlineSeconds });
}

/** By a call that nobody waits for: there is no pod to answer it. */
async function wake(cluster: Cluster, service: string): Promise<void> {
  const manager = await Manager.of(cluster);
  const as = await manager.tokenOf(service);
  manager.call('POST', `/run/${service}`, { as, body: 'a call' }).catch(() => {});
}
