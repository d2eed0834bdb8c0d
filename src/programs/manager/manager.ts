import type { Server } from 'node:http';
import type { KubeConfig } from '@kubernetes/client-node';
import { ManagerSettings, SUPERVISOR_PORT } from '../../contract';
import type { Log } from '../common/log';
import { Queue } from '../common/queue';
import { authenticator } from './auth/authenticator';
import { MountedSecrets } from '../common/mounted-secrets';
import { ServiceTokens } from './auth/service-tokens';
import { Cluster } from './cluster';
import { DeadLetters } from './events/dead-letters';
import { eventsRoute } from './events/receive';
import { Routing } from './events/routing';
import { sweepRoute } from './events/sweep';
import { UploadJobs } from './events/upload-jobs';
import { UploadRecords } from './events/upload-records';
import { healthRoute } from './http/health';
import type { Route } from './http/route';
import { createManagerServer } from './http/server';
import { BodyStore } from './jobs/bodies';
import { jobRoute } from './jobs/request';
import { JobSubmitter } from './jobs/submit';
import { Turns } from './jobs/turns';
import { Metrics } from './metrics';
import { pageRoute } from './page/route';
import { Calls } from './run/calls';
import { IdleWatch } from './run/idle-watch';
import { runRoutes } from './run/routes';
import { systemRoutes } from './system/routes';

export interface ManagerOptions {
  readonly settings: ManagerSettings;
  readonly config: KubeConfig;
  readonly log: Log;
  /** Where Secrets are mounted. @default SECRETS_DIR */
  readonly secretsDir?: string;
  /** Of the services' pods. @default SUPERVISOR_PORT */
  readonly podPort?: number;
}

/** Calls that store Jobs at the same time: the API server takes some milliseconds for each. */
const STORING = 48;
/** A store sends its events one after the other; this many come only by hand. */
const WAITING_TO_BE_STORED = 1000;

/** The platform's one door. It keeps nothing that another one of its kind would miss. */
export class Manager {
  static async create(options: ManagerOptions): Promise<Manager> {
    const { config, settings, log } = options;
    return new Manager(await Cluster.connect(config, settings.servicesNamespace, log), options);
  }

  /** Not listening yet. */
  readonly server: Server;
  readonly routes: readonly Route[];
  private readonly idleWatch: IdleWatch;
  private readonly turns: Turns;

  private constructor(
    private readonly cluster: Cluster,
    { settings, log, secretsDir, podPort = SUPERVISOR_PORT }: ManagerOptions,
  ) {
    const { api, services, jobs, warmPods, scale } = cluster;
    const { servicesNamespace, maxBodyBytes, coldStartSeconds, idleSeconds, corsOrigins } = settings;
    const metrics = new Metrics(jobs, services);
    const secrets = new MountedSecrets(secretsDir);
    const exists = (service: string) => services.all.has(service);
    const tokens = new ServiceTokens({ api, namespace: servicesNamespace, exists, log });
    const submitter = new JobSubmitter(api, servicesNamespace, new Queue(STORING, WAITING_TO_BE_STORED));
    this.turns = new Turns({ services, jobs, submitter, log });
    const common = { services, submitter, metrics, log, servicesNamespace };
    const storeLogin = () => ({
      accessKey: secrets.get('minio/accessKey') ?? '',
      secretKey: secrets.get('minio/secretKey') ?? '',
    });
    const run = { services, warmPods, scale, log, calls: new Calls(), port: podPort };
    const { recordsBucket } = settings;
    const deadLetters = new DeadLetters(api, settings, log);
    const uploadJobs = new UploadJobs({ ...common, deadLetters, recordsBucket });
    const uploads = { uploadJobs, metrics, routing: new Routing(services), isCurrent: () => cluster.isCurrent };
    const system = { settings, api, services, jobs, warmPods, tokens, secrets, metrics };
    this.idleWatch = new IdleWatch({ ...run, idleSeconds });
    this.routes = [
      healthRoute(() => this.missing),
      eventsRoute({ ...uploads, services, records: new UploadRecords(settings, storeLogin, log), log }),
      sweepRoute({ ...uploads, jobs }),
      jobRoute({ ...common, bodies: new BodyStore(settings, storeLogin, log), maxBodyBytes }),
      ...runRoutes({ ...run, coldStartSeconds, maxBodyBytes, metrics }),
      ...systemRoutes(system),
      pageRoute(system),
    ];
    const authenticate = authenticator({ secrets, tokens, metrics, log });
    this.server = createManagerServer({ routes: this.routes, authenticate, corsOrigins, metrics, log });
  }

  /** What keeps it from being ready, in words. */
  get missing(): string | undefined {
    const { missing } = this.cluster;
    return missing.length ? `Kubernetes has not told yet of: ${missing.join(', ')}` : undefined;
  }

  start(): void {
    this.cluster.start();
    this.idleWatch.start();
  }

  stop(): void {
    this.idleWatch.stop();
    this.turns.stop();
    this.cluster.stop();
  }
}
