import { ExposeDefinition, ServiceDefinition, StorageInput, StorageProviders, toYaml } from '../contract';
import type { Json } from '../contract/yaml';
import { concurrencyOf } from './file-service-concurrency';
import { defined, Exposure, providersOf, ServiceModel } from './file-service-model';
import type { StorageBinding } from './storage';

/** The service as programs read it, in FDL's words. */
export function definitionOf(model: ServiceModel): ServiceDefinition {
  const { name, props, expose, synchronous } = model;
  return {
    name,
    image: props.image,
    log_level: props.logLevel ?? 'INFO',
    cpu: model.cpu,
    memory: model.memory,
    ...defined({ total_cpu: props.totalCpu, total_memory: props.totalMemory }),
    enable_gpu: (props.gpu ?? 0) > 0,
    file_stage_in: props.fileStageIn ?? false,
    isolation_level: props.isolationLevel ?? 'service',
    input: model.inputs.map(placeOf),
    output: model.outputs.map(placeOf),
    environment: { variables: props.environment ?? {} },
    annotations: props.annotations ?? {},
    labels: props.labels ?? {},
    storage_providers: publicHalves(model),
    ...(expose ? { expose: exposeOf(expose) } : {}),
    synchronous: { min_scale: synchronous.minScale, max_scale: synchronous.maxScale },
    allowed_users: props.allowedUsers ?? [],
    visibility: props.visibility ?? 'private',
    vo: props.vo ?? '',
    job: defined({ ...model.job, concurrency: concurrencyOf(model) }),
    invocation: model.invocation,
  };
}

export const definitionText = (model: ServiceModel) => toYaml(definitionOf(model) as unknown as Json);

const placeOf = ({ provider, path, prefix = [], suffix = [] }: StorageBinding): StorageInput => ({
  storage_provider: provider.name,
  path,
  prefix,
  suffix,
});

function publicHalves(model: ServiceModel): StorageProviders {
  const halves: Record<string, Record<string, object>> = {};
  for (const { type, id, settings } of providersOf(model)) (halves[type] ??= {})[id] = defined(settings);
  return halves as StorageProviders;
}

function exposeOf(expose: Exposure): ExposeDefinition {
  return {
    min_scale: expose.minScale,
    max_scale: expose.maxScale,
    api_port: expose.ports,
    cpu_threshold: expose.cpuThreshold,
    rewrite_target: expose.rewriteTarget,
    default_command: expose.defaultCommand,
    set_auth: expose.setAuth,
    health_path: expose.healthPath,
    ...(expose.nodePort === undefined ? {} : { nodePort: expose.nodePort }),
  };
}
