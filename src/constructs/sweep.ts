import { Construct } from 'constructs';
import { JobSpec, KubeCronJob, KubeServiceAccount } from 'cdk8s-plus-27/lib/imports/k8s';
import { MANAGER_ENDPOINT_ENV, platformSecrets, PROGRAM_DIR, recommendedLabels, SETTINGS_DIR } from '../contract';
import { checkCron } from './cron';
import { Images } from './images';
import { lazy } from './lazy';
import { Manager } from './manager';
import { metadata, podLabels } from './metadata';
import { programCommand } from './programs';
import type { Provisioner } from './provisioner';
import { resources } from './resources';
import { mounts, secretFiles, storeFiles } from './secret-files';
import { RESTRICTED_CONTAINER, RESTRICTED_POD } from './security';

/** What may be chosen of the sweep. */
export interface SweepOptions {
  /** When it runs: five fields of cron (Kubernetes' CronJob), in the cluster's time zone. @default every 5 minutes */
  readonly schedule?: string;
}

export interface SweepProps extends SweepOptions {
  /** Name of the platform. */
  readonly name: string;
  readonly namespace: string;
  /** Whose program and declaration it uses. */
  readonly provisioner: Provisioner;
  readonly images: Images;
}

const EVERY_FIVE_MINUTES = '*/5 * * * *';
const RESOURCES = { cpu: '50m', cpuLimit: '1', memory: '64Mi', memoryLimit: '512Mi', ephemeralStorage: '64Mi' };
/** Where the cluster was away for longer, the next one comes soon enough. */
const STARTING_DEADLINE_SECONDS = 240;
/** A service with millions of files is looked at for an hour at most; a sweep that hangs must not be the last. */
const DEADLINE_SECONDS = 2 * 3600;
/** Failed ones tell for so long; one that stayed for ever would be an alert that nothing ends. */
const TTL_SECONDS = 6 * 3600;

/**
 * Goes through the folders that services are bound to, every few minutes, and asks the manager for a Job of each upload
 * that nothing speaks of: its event was lost. It has no rights in Kubernetes.
 */
export class Sweep extends Construct {
  /** `<platform>-sweep`, which names its objects. */
  readonly name: string;

  /** @throws DeclarationError on a schedule that Kubernetes refuses. */
  constructor(
    scope: Construct,
    id: string,
    private readonly props: SweepProps,
  ) {
    super(scope, id);
    const { name: platform, namespace, schedule = EVERY_FIVE_MINUTES } = props;
    checkCron({ field: ['sweep', 'schedule'] }, schedule);
    this.name = `${platform}-sweep`;
    const labels = recommendedLabels('sweep', platform);
    const own = metadata({ name: this.name, namespace, labels });
    new KubeServiceAccount(this, 'account', { metadata: own, automountServiceAccountToken: false });
    new KubeCronJob(this, 'cron-job', {
      metadata: own,
      spec: {
        schedule,
        // Two would do each other's work.
        concurrencyPolicy: 'Forbid',
        startingDeadlineSeconds: STARTING_DEADLINE_SECONDS,
        successfulJobsHistoryLimit: 1,
        failedJobsHistoryLimit: 3,
        jobTemplate: { metadata: { labels }, spec: lazy(() => this.job(labels)) },
      },
    });
  }

  private job(labels: Record<string, string>): JobSpec {
    const { name: platform, namespace, provisioner, images } = this.props;
    const secrets = platformSecrets(platform);
    const volumes = [
      { volume: { name: 'program', configMap: { name: provisioner.bundle } }, mountPath: PROGRAM_DIR },
      { volume: { name: 'settings', configMap: { name: provisioner.declarationName } }, mountPath: SETTINGS_DIR },
      secretFiles('webhook', secrets.webhook, { token: 'token' }),
      // Of a user of its own. The kubelet holds the pod back until the provisioner has made the Secret.
      storeFiles({ secretName: secrets.sweep, keys: { accessKey: 'accessKey', secretKey: 'secretKey' } }),
    ];
    return {
      // The next one comes soon.
      backoffLimit: 0,
      activeDeadlineSeconds: DEADLINE_SECONDS,
      ttlSecondsAfterFinished: TTL_SECONDS,
      template: {
        metadata: { labels: podLabels(this, labels) },
        spec: {
          restartPolicy: 'Never',
          serviceAccountName: this.name,
          automountServiceAccountToken: false,
          enableServiceLinks: false,
          securityContext: RESTRICTED_POD,
          containers: [
            {
              name: 'sweep',
              image: images.of('node'),
              imagePullPolicy: 'Always',
              command: [...programCommand('provisioner'), 'sweep'],
              env: [{ name: MANAGER_ENDPOINT_ENV, value: Manager.endpoint(platform, namespace) }],
              resources: resources([], {}, RESOURCES),
              securityContext: RESTRICTED_CONTAINER,
              volumeMounts: mounts(volumes),
            },
          ],
          volumes: volumes.map(({ volume }) => volume),
        },
      },
    };
  }
}
