import { Construct } from 'constructs';
import {
  KubeConfigMap,
  KubeDeployment,
  KubeNetworkPolicy,
  KubePersistentVolumeClaim,
  KubePodTemplate,
  KubeService,
} from 'cdk8s-plus-27/lib/imports/k8s';
import {
  CONFIG_HASH_ANNOTATION,
  contentHash,
  DEFINITION_KEY,
  SCRIPT_KEY,
  selectorLabels,
  serviceLabels,
  SUPERVISOR_PORT,
  jobLifetimeSeconds,
} from '../contract';
import { BucketMount } from './bucket-mount';
import { check } from './checks';
import { checkProviders, checkService } from './file-service-checks';
import { definitionText } from './file-service-definition';
import { exposedRoute } from './file-service-exposure';
import { mentionedProviders, modelOf, ServiceModel } from './file-service-model';
import { networkPolicyOf } from './file-service-network';
import { Claims, HTTP_PORT, jobPod, portName, warmPod } from './file-service-pod';
import type { FileServiceProps } from './file-service-props';
import { replicasOf, scaling } from './file-service-scaling';
import { ImagePrefetch } from './image-prefetch';
import { lazy } from './lazy';
import { metadata, podLabels } from './metadata';
import { plainObject } from './plain';
import { canonicalBytes } from './quantity';
import { CONFIG_MAP_MAX } from './script';
import { checkBinding, FileFilter, StorageBinding, StoragePath } from './storage';
import { UserBuckets } from './user-buckets';

export * from './file-service-props';

/**
 * A user's container image and script, run for each file that arrives (a Job each) and each request (warm pods).
 *
 * @throws DeclarationError naming the service, field, value, rule and fix on anything that Kubernetes or the store
 * would refuse, a name that is taken, a bucket that nobody declares, and outputs that would trigger the service again.
 */
export class FileService extends Construct {
  /** Names all its objects. */
  readonly name: string;
  private readonly model: ServiceModel;
  private readonly claims: Claims;
  private readonly userBuckets: UserBuckets;
  private configuration: { readonly definition: string; readonly hash: string } | undefined;

  constructor(scope: Construct, id: string, props: FileServiceProps) {
    super(scope, id);
    this.name = props.name ?? id;
    const model = modelOf(this.name, props);
    checkService(model);
    this.model = { ...model, script: props.script.read(this.name) };
    const { services } = props.platform;
    services.addService(this.name);
    const users = props.isolationLevel === 'user' ? (props.allowedUsers ?? []) : [];
    this.userBuckets = new UserBuckets(this.name, users, services);
    services.addJobLifetime(jobLifetimeSeconds(model.job));
    if (props.expose?.nodePort !== undefined) services.addNodePort(this.name, props.expose.nodePort);
    props.inputs?.forEach((input) => this.bindInput(input));
    props.outputs?.forEach((output) => this.bindOutput(output));
    this.checkBindings();
    this.claims = { ...this.volume(), ...this.mount() };
    this.objects();
  }

  /**
   * Runs the service for each file uploaded under a path: `service.onUpload(platform.store.path('photos/in'), { suffix:
   * ['.jpg'] })`. Only the platform's own store tells of uploads; with another provider the path is known to the
   * supervisor, and somebody has to ask for each Job (`POST /job/<service>`).
   * @throws DeclarationError as the constructor does
   */
  onUpload(from: StoragePath, filter: FileFilter = {}): void {
    this.bindInput({ ...from, ...filter });
    this.checkBindings();
  }

  /**
   * Stores what the script leaves in `TMP_OUTPUT_DIR` under a path: `service.writesTo(archive.path('photos/out'))`.
   * @throws DeclarationError as the constructor does
   */
  writesTo(to: StoragePath, filter: FileFilter = {}): void {
    this.bindOutput({ ...to, ...filter });
    this.checkBindings();
  }

  private bindInput(input: StorageBinding): void {
    const { inputs, platform } = this.model;
    checkBinding({ service: this.name, field: ['input', inputs.length] }, input);
    platform.services.addInput(this.name, input, inputs.length);
    this.userBuckets.addInput(input, inputs.length);
    inputs.push(input);
  }

  private bindOutput(output: StorageBinding): void {
    const { outputs, platform } = this.model;
    checkBinding({ service: this.name, field: ['output', outputs.length] }, output);
    platform.services.addOutput(this.name, output, outputs.length);
    this.userBuckets.addOutput(output, outputs.length);
    outputs.push(output);
  }

  /** What bindings change together: providers that have to agree, and a definition that has to fit a ConfigMap. */
  private checkBindings(): void {
    checkProviders(this.name, mentionedProviders(this.model));
    this.configuration = undefined;
    const bytes = Buffer.byteLength(this.model.script) + Buffer.byteLength(this.config.definition);
    check(
      bytes <= CONFIG_MAP_MAX,
      { service: this.name, field: ['script'] },
      {
        problem: 'the script and the definition are more than a ConfigMap holds',
        value: `${bytes} bytes`,
        allowed: `at most ${CONFIG_MAP_MAX} bytes together`,
        fix: "put what is large in the service's image, and call it from a short script",
      },
    );
  }

  private get config() {
    if (!this.configuration) {
      const definition = definitionText(this.model);
      this.configuration = { definition, hash: contentHash([this.model.script, definition]) };
    }
    return this.configuration;
  }

  /** Bindings may still be added: what depends on them is made at synthesis. */
  private objects(): void {
    const { model, claims } = this;
    const { platform, props, expose } = model;
    const meta = this.metadata();
    plainObject(this, 'config', KubeConfigMap, {
      metadata: meta,
      data: lazy(() => ({ [SCRIPT_KEY]: model.script, [DEFINITION_KEY]: this.config.definition })),
    });
    plainObject(this, 'job-template', KubePodTemplate, {
      metadata: meta,
      template: lazy(() => ({ metadata: this.podMetadata('job'), spec: jobPod(model, claims) })),
    });
    this.deployment();
    plainObject(this, 'service', KubeService, {
      metadata: meta,
      spec: {
        ...(expose?.nodePort === undefined ? {} : { type: 'NodePort' }),
        selector: selectorLabels('service', this.name),
        ports: this.servicePorts(),
      },
    });
    scaling(this, model);
    if (platform.networkPolicies) {
      plainObject(this, 'network-policy', KubeNetworkPolicy, {
        metadata: meta,
        spec: lazy(() => networkPolicyOf(model)),
      });
    }
    if (expose) exposedRoute(this, model, expose);
    if (props.imagePrefetch) new ImagePrefetch(this, 'prefetch', { service: this.name, props });
  }

  private deployment(): void {
    const { model, claims } = this;
    // A volume that one node alone may mount is let go by the old pod before the new one takes it.
    const strategy = model.props.volume?.accessMode === 'ReadWriteOnce' ? { strategy: { type: 'Recreate' } } : {};
    plainObject(this, 'deployment', KubeDeployment, {
      metadata: this.metadata(),
      spec: lazy(() => ({
        ...replicasOf(model),
        ...strategy,
        selector: { matchLabels: selectorLabels('service', this.name) },
        template: {
          metadata: this.podMetadata('service', { [CONFIG_HASH_ANNOTATION]: this.config.hash }),
          spec: warmPod(model, claims),
        },
      })),
    });
  }

  private servicePorts() {
    const { expose } = this.model;
    if (!expose) return [{ name: HTTP_PORT, port: SUPERVISOR_PORT, targetPort: HTTP_PORT }];
    return expose.ports.map((port, i) => ({
      name: portName(port, i),
      port,
      targetPort: portName(port, i),
      ...(i === 0 && expose.nodePort !== undefined ? { nodePort: expose.nodePort } : {}),
    }));
  }

  /** A claim that is made, or one that exists. */
  private volume(): Claims {
    const { volume } = this.model.props;
    if (!volume) return {};
    const name = volume.name ?? this.name;
    if (volume.size !== undefined) {
      this.model.platform.services.addClaim(this.name, name);
      plainObject(this, 'volume', KubePersistentVolumeClaim, {
        metadata: this.metadata({ name, keep: true }),
        spec: {
          accessModes: [volume.accessMode ?? 'ReadWriteMany'],
          resources: { requests: { storage: canonicalBytes(volume.size) } },
          ...(volume.storageClassName === undefined ? {} : { storageClassName: volume.storageClassName }),
        },
      });
    }
    return { volume: name };
  }

  private mount(): Claims {
    const { platform, props } = this.model;
    if (!props.mount) return {};
    platform.services.addMount(this.name, props.mount);
    return { mount: new BucketMount(this, 'mount', { service: this.name, platform, mount: props.mount }).claimName };
  }

  private metadata(more: { name?: string; keep?: boolean } = {}) {
    const namespace = this.model.platform.servicesNamespace;
    return metadata({ name: this.name, namespace, labels: serviceLabels(this.name), ...more });
  }

  private podMetadata(component: 'service' | 'job', ours: Record<string, string> = {}) {
    const { labels, annotations } = this.model.props;
    const notes = { ...annotations, ...ours };
    return {
      labels: { ...labels, ...podLabels(this, serviceLabels(this.name, component)) },
      ...(Object.keys(notes).length ? { annotations: notes } : {}),
    };
  }
}
