import { gzipSync } from 'node:zlib';
import { Construct } from 'constructs';
import { Container, EnvVar, JobSpec, KubeConfigMap, KubeJob, Quantity, Volume } from 'cdk8s-plus-27/lib/imports/k8s';
import {
  contentHash,
  Declaration,
  GeneratedSecret,
  JOB_NAME_ENV,
  JOB_NAMESPACE_ENV,
  PROGRAM_DIR,
  recommendedLabels,
  SETTINGS_DIR,
  SETTINGS_GZIP_KEY,
  SETTINGS_KEY,
  StoreCredentials,
  StorePods,
  TOOLS_DIR,
  UserDeclaration,
} from '../contract';
import { Images } from './images';
import { lazy } from './lazy';
import { metadata, podLabels } from './metadata';
import { checkPlace } from './place';
import { secretsOfPrograms, usersOfPrograms } from './platform-users';
import { programCommand, programConfigMap, Programs } from './programs';
import { ProvisionerRights, SecretName } from './provisioner-rights';
import { resources } from './resources';
import { RESTRICTED_CONTAINER, RESTRICTED_POD } from './security';
import type { ServiceRegistry } from './service-registry';
import type { StorageProvider } from './storage';

export interface ProvisionerProps {
  /** Name of the platform. @default 'oscar' */
  readonly name?: string;
  readonly namespace: string;
  readonly servicesNamespace: string;
  readonly store: StorageProvider<'minio'>;
  readonly storeCredentials: StoreCredentials;
  /** The store is not the platform's own: no users are made there. @default false */
  readonly externalStore?: boolean;
  /** Its pods, where they have to be replaced together. @default none */
  readonly storePods?: StorePods;
  /** What services declare; read at synthesis. */
  readonly services: ServiceRegistry;
  /** Secrets to make besides those of services, and of users of the store. @default none */
  readonly secrets?: readonly GeneratedSecret[];
  /** @default the pinned images */
  readonly images?: Images;
  /** @default the bundles of this package */
  readonly programs?: Programs;
}

const RESOURCES = { cpu: '50m', cpuLimit: '1', memory: '128Mi', memoryLimit: '512Mi', ephemeralStorage: '256Mi' };
const COPY_RESOURCES = { cpu: '10m', cpuLimit: '1', memory: '32Mi', memoryLimit: '128Mi', ephemeralStorage: '256Mi' };

/** A first start waits for images, volumes and the store: an hour, in ever longer steps. */
const DEADLINE_SECONDS = 3600;
const RETRIES = 10;

/** Longer declarations are gzipped: a ConfigMap holds 1 MiB, about a thousand services' worth of text. */
const READABLE_BYTES = 512 * 1024;

/** What a synthesis makes of the declaration. */
interface Rendered {
  readonly configMap: string;
  readonly text?: string;
  readonly gzip?: string;
  readonly job: JobSpec;
  readonly jobName: string;
  /** Secrets that it reads. */
  readonly secrets: readonly SecretName[];
}

/**
 * Makes buckets, notifications, users, policies and generated Secrets true, by a Job that converges. Both the
 * declaration and the Job are named by their content: what is unchanged stays the same object and does not run again.
 * At its start the Job deletes its predecessors, so that going back to an earlier declaration makes a new one.
 */
export class Provisioner extends Construct {
  /** `<platform>-provisioner`, with which the names of its objects begin. */
  readonly name: string;
  /** ConfigMap with its bundle, of which the sweep is a part. */
  readonly bundle: string;
  private readonly platform: string;
  private readonly labels: Record<string, string>;
  private rendered: Rendered | undefined;

  constructor(
    scope: Construct,
    id: string,
    private readonly props: ProvisionerProps,
  ) {
    super(scope, id);
    const { namespace, servicesNamespace, programs = new Programs() } = props;
    this.platform = props.name ?? 'oscar';
    checkPlace({ ...props, name: this.platform });
    this.name = `${this.platform}-provisioner`;
    this.labels = recommendedLabels('provisioner', this.platform);
    // cdk8s validates at the beginning of each synthesis: what an earlier one saw may have changed since.
    this.node.addValidation({ validate: () => this.forget() });

    this.bundle = programConfigMap(this, programs.of('provisioner'), {
      namespace,
      platform: this.platform,
      labels: this.labels,
    });
    new ProvisionerRights(this, 'rights', {
      name: this.name,
      namespace,
      servicesNamespace,
      labels: this.labels,
      secrets: () => this.current.secrets,
      storePods: props.storePods,
    });
    new KubeConfigMap(this, 'declaration', {
      metadata: this.metadata(() => this.current.configMap),
      immutable: true,
      data: lazy(() => some(SETTINGS_KEY, this.current.text)!),
      binaryData: lazy(() => some(SETTINGS_GZIP_KEY, this.current.gzip)!),
    });
    new KubeJob(this, 'job', {
      metadata: this.metadata(() => this.current.jobName),
      spec: lazy(() => this.current.job),
    });
  }

  /** ConfigMap with the declaration; known at synthesis. */
  get declarationName(): string {
    return this.current.configMap;
  }

  private get current(): Rendered {
    return (this.rendered ??= this.render());
  }

  private forget(): string[] {
    this.rendered = undefined;
    return [];
  }

  private metadata(name: () => string) {
    return metadata({ name: lazy(name), namespace: this.props.namespace, labels: this.labels });
  }

  /** Users of an external store are made by hand, and their Secrets with them. */
  private secrets(): GeneratedSecret[] {
    const { namespace, services, secrets = [], externalStore } = this.props;
    const ofPrograms = secretsOfPrograms({ namespace, platform: this.platform });
    const byHand = new Set(externalStore ? this.users().map(({ secret }) => secret.name) : []);
    return [...secrets, ...[...ofPrograms, ...services.secrets()].filter(({ name }) => !byHand.has(name))];
  }

  private users(): UserDeclaration[] {
    const { namespace, services, externalStore } = this.props;
    const place = { namespace, platform: this.platform };
    return [...usersOfPrograms(place, services.bindings(), externalStore), ...services.users()];
  }

  private declaration(): Declaration {
    const { store, storeCredentials, storePods, externalStore = false, services } = this.props;
    return {
      platform: this.platform,
      store: {
        ...store.settings,
        external: externalStore,
        credentials: storeCredentials,
        ...(storePods ? { pods: storePods } : {}),
      },
      secrets: this.secrets(),
      buckets: services.bucketDeclarations(),
      users: this.users(),
      bindings: services.bindings(),
    };
  }

  private render(): Rendered {
    const declaration = this.declaration();
    const text = `${JSON.stringify(declaration, null, 2)}\n`;
    const gzip = Buffer.byteLength(text) > READABLE_BYTES ? gzipSync(text).toString('base64') : undefined;
    const configMap = `${this.name}-${contentHash([gzip ?? text])}`;
    const job = this.job(configMap);
    // A Job's template can't be changed: whatever is in it is part of its name.
    const jobName = `${this.name}-${contentHash([JSON.stringify(job)])}`;
    const secrets = this.secretNames(declaration);
    return { configMap, ...(gzip === undefined ? { text } : { gzip }), job, jobName, secrets };
  }

  /** Logins of the store, and of its users. Whether a Secret that it makes is there, it learns by making it. */
  private secretNames({ store, users }: Declaration): SecretName[] {
    return [
      { namespace: this.props.namespace, name: store.credentials.secretName },
      ...(store.external ? [] : users.map(({ secret }) => secret)),
    ];
  }

  private job(declaration: string): JobSpec {
    const volumes: Volume[] = [
      { name: 'program', configMap: { name: this.bundle } },
      { name: 'settings', configMap: { name: declaration } },
      { name: 'tools', emptyDir: { sizeLimit: Quantity.fromString('128Mi') } },
      { name: 'tmp', emptyDir: { sizeLimit: Quantity.fromString('64Mi') } },
    ];
    return {
      backoffLimit: RETRIES,
      activeDeadlineSeconds: DEADLINE_SECONDS,
      template: {
        metadata: { labels: podLabels(this, this.labels) },
        spec: {
          restartPolicy: 'Never',
          serviceAccountName: this.name,
          automountServiceAccountToken: true,
          enableServiceLinks: false,
          securityContext: RESTRICTED_POD,
          initContainers: [this.copyClient()],
          containers: [this.container()],
          volumes,
        },
      },
    };
  }

  /** MinIO's client has an image of its own, and forks name the program differently. */
  private copyClient(): Container {
    return {
      name: 'mc',
      image: (this.props.images ?? new Images()).of('mc'),
      imagePullPolicy: 'Always',
      command: ['/bin/sh', '-c', `cp "$(command -v mc || command -v mcli)" ${TOOLS_DIR}/mc`],
      resources: resources([], {}, COPY_RESOURCES),
      securityContext: RESTRICTED_CONTAINER,
      volumeMounts: [{ name: 'tools', mountPath: TOOLS_DIR }],
    };
  }

  private container(): Container {
    return {
      name: 'provisioner',
      image: (this.props.images ?? new Images()).of('node'),
      imagePullPolicy: 'Always',
      command: programCommand('provisioner'),
      env: [
        // The client keeps a folder of its own.
        { name: 'MC_CONFIG_DIR', value: '/tmp/mc' },
        fromPod(JOB_NAMESPACE_ENV, 'metadata.namespace'),
        fromPod(JOB_NAME_ENV, `metadata.labels['batch.kubernetes.io/job-name']`),
      ],
      resources: resources([], {}, RESOURCES),
      securityContext: RESTRICTED_CONTAINER,
      volumeMounts: [
        { name: 'program', mountPath: PROGRAM_DIR, readOnly: true },
        { name: 'settings', mountPath: SETTINGS_DIR, readOnly: true },
        { name: 'tools', mountPath: TOOLS_DIR, readOnly: true },
        { name: 'tmp', mountPath: '/tmp' },
      ],
    };
  }
}

const fromPod = (name: string, fieldPath: string): EnvVar => ({ name, valueFrom: { fieldRef: { fieldPath } } });

const some = (key: string, value: string | undefined) => (value === undefined ? undefined : { [key]: value });
