import { platformClaims, SERVICE_NAME_MAX } from '../contract';
import {
  check,
  checkImage,
  checkInteger,
  checkLabels,
  checkMountPath,
  checkPort,
  checkQuantity,
  checkServiceName,
  checkSubdomain,
  INT32,
  Subject,
} from './checks';
import { checkCidr } from './cidr';
import { checkConcurrency } from './file-service-concurrency';
import { checkEnvironment } from './file-service-environment';
import { checkExposure } from './file-service-exposure';
import { checkMetadata } from './file-service-metadata';
import { scaleOf, ServiceModel } from './file-service-model';
import type { FileServiceProps, ScaleProps, TolerationProps } from './file-service-props';
import { checkBucketMount, mountedAt } from './bucket-mount';
import { checkProvider, StorageProvider } from './storage';

/** Throws `DeclarationError` on what Kubernetes would refuse, or what can't work. Field names in messages are FDL's. */
export function checkService(model: Omit<ServiceModel, 'script'>): void {
  const { name, props, expose } = model;
  const at = (...field: (string | number)[]): Subject => ({ service: name, field });
  checkServiceName(at('name'), name, SERVICE_NAME_MAX);
  checkImage(at('image'), props.image);
  checkResources(model, at);
  if (!expose || props.synchronous) checkScale(name, ['synchronous'], model.synchronous, 0);
  if (expose) {
    checkScale(name, ['expose'], expose, 1);
    checkExposure(name, expose, props.platform);
  }
  checkInteger(at('job', 'retries'), model.job.retries, 0, INT32);
  checkInteger(at('job', 'deadline'), model.job.deadlineSeconds, 1, INT32, 'seconds');
  checkInteger(at('job', 'ttl'), model.job.ttlSeconds, 0, INT32, 'seconds');
  checkConcurrency(model, at);
  checkInteger(at('timeout'), model.invocation.timeoutSeconds, 1, 86400, 'seconds');
  checkInteger(at('max_inflight'), model.invocation.maxInflight, 1, 1000);
  checkEnvironment(name, props);
  checkMetadata(props, at);
  checkPlacement(props, at);
  checkVolume(model, at);
  props.storageProviders?.forEach((provider, i) => {
    checkProvider(at('storage_providers', i), provider);
  });
  props.egress?.forEach(({ cidr, ports }, i) => {
    checkCidr(at('egress', i, 'cidr'), cidr);
    ports?.forEach((port, j) => checkPort(at('egress', i, 'ports', j), port));
  });
}

type At = (...field: (string | number)[]) => Subject;

function checkResources({ cpu, memory, props }: Omit<ServiceModel, 'script'>, at: At): void {
  checkQuantity(at('cpu'), cpu, 'cpu');
  checkQuantity(at('memory'), memory, 'bytes');
  if (props.ephemeralStorage !== undefined) checkQuantity(at('ephemeral_storage'), props.ephemeralStorage, 'bytes');
  checkInteger(at('gpu'), props.gpu ?? 0, 0, 1024, 'GPUs');
}

function checkScale(service: string, field: string[], scale: Required<ScaleProps>, least: number): void {
  const at = (name: string): Subject => ({ service, field: [...field, name] });
  checkInteger(at('min_scale'), scale.minScale, least, INT32, 'pods');
  checkInteger(at('max_scale'), scale.maxScale, Math.max(1, scale.minScale), INT32, 'pods, at least min_scale');
  checkInteger(at('cpu_threshold'), scale.cpuThreshold, 1, 100, 'percent');
}

function checkPlacement(props: FileServiceProps, at: At): void {
  checkLabels(at('node_selector'), props.nodeSelector ?? {});
  props.tolerations?.forEach((toleration, i) => checkToleration(at('tolerations', i), toleration));
  if (props.priorityClassName !== undefined) checkSubdomain(at('priority_class'), props.priorityClassName);
  if (props.runtimeClassName !== undefined) checkSubdomain(at('runtime_class'), props.runtimeClassName);
  props.imagePullSecrets?.forEach((secret, i) => checkSubdomain(at('image_pull_secrets', i), secret));
}

function checkToleration(subject: Subject, toleration: TolerationProps): void {
  const { key, operator = 'Equal', value, effect, tolerationSeconds } = toleration;
  check(operator === 'Exists' ? !value : Boolean(key), subject, {
    problem: 'not a toleration that Kubernetes takes',
    value: toleration,
    allowed: '`operator: Exists` without a value, or a key and its value',
    fix: key ? 'leave out the value' : 'add `operator: Exists`',
  });
  if (key !== undefined) checkLabels(subject, { [key]: value ?? '' });
  check(tolerationSeconds === undefined || effect === 'NoExecute', subject, {
    problem: 'only taints with the effect NoExecute are tolerated for a time',
    value: toleration,
    fix: 'add `effect: NoExecute`, or leave out the seconds',
  });
}

function checkVolume(model: Omit<ServiceModel, 'script'>, at: At): void {
  const { name, props } = model;
  const { volume, mount, platform } = props;
  if (mount) checkBucketMount(at, mount, platform);
  if (!volume) return;
  checkMountPath(at('volume', 'mount_path'), volume.mountPath);
  check(volume.name !== undefined || volume.size !== undefined, at('volume'), {
    problem: 'neither a size, to make a volume, nor the name of one that exists',
    fix: 'add `size`, or `name`',
  });
  const claim = volume.name ?? name;
  checkSubdomain(at('volume', 'name'), claim);
  const taken = platformClaims(platform.name);
  check(!taken.some((beginning) => claim.startsWith(beginning)), at('volume', 'name'), {
    problem: "this is a volume of the platform's own",
    value: claim,
    allowed: `any name that does not begin with ${taken.map((beginning) => `"${beginning}"`).join(' or ')}`,
    fix: volume.name === undefined ? 'name the volume otherwise, with `name`' : 'choose another name',
  });
  if (volume.size !== undefined) checkQuantity(at('volume', 'size'), volume.size, 'bytes');
  if (volume.storageClassName !== undefined) checkSubdomain(at('volume', 'storage_class'), volume.storageClassName);
  const { maxScale } = scaleOf(model);
  check(volume.accessMode !== 'ReadWriteOnce' || maxScale === 1, at('volume', 'access_mode'), {
    problem: `one node alone could mount it, and up to ${maxScale} warm pods would, each on a node of its own if it can`,
    value: volume.accessMode,
    allowed: 'ReadWriteMany, or a max_scale of 1',
    fix: `write "ReadWriteMany", or \`${model.expose ? 'expose' : 'synchronous'}.max_scale: 1\``,
  });
  const folder = mount && mountedAt(mount);
  const overlaps =
    folder && (`${folder}/`.startsWith(`${volume.mountPath}/`) || volume.mountPath.startsWith(`${folder}/`));
  check(!overlaps, at('volume', 'mount_path'), {
    problem: `overlaps with the bucket mounted at ${folder}`,
    value: volume.mountPath,
    fix: 'for example "/data"',
  });
}

/** Throws when two different providers have one name: a pod has one folder of secrets for it. */
export function checkProviders(service: string, providers: readonly StorageProvider[]): void {
  const known = new Map<string, StorageProvider>();
  for (const provider of providers) {
    const other = known.get(provider.name);
    const same =
      !other ||
      other === provider ||
      (other.secretName === provider.secretName &&
        JSON.stringify(other.settings) === JSON.stringify(provider.settings));
    check(
      same,
      { service, field: ['storage_providers'] },
      {
        problem: 'two different providers have this name',
        value: provider.name,
        fix: 'give one of them another id',
      },
    );
    known.set(provider.name, provider);
  }
}
