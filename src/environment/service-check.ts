import { statSync } from 'node:fs';
import { splitPath } from '../contract';
import { valueAt } from './issues';
import { origin, Stack } from './layers';
import { isOwnStore, Providers, reference } from './providers';
import { Problem, Report } from './report';
import { Service } from './schema/environment';
import { SHORTEST_TTL_SECONDS } from './schema/service';
import { scriptFile } from './service-props';
import { serviceValues } from './service-values';
import { isMap, isNothing } from './values';

/** Tells what is wrong with services, as far as the files alone can tell; constructs know the rest. */
export class ServiceChecker {
  /** Buckets of the platform's store that FDL files name. */
  readonly fdlBuckets = new Set<string>();
  /** Whether scripts are there: many services may share one. */
  private readonly scripts = new Map<string, boolean>();

  constructor(
    private readonly providers: Providers,
    private readonly report: Report,
  ) {}

  check(name: string, stack: Stack): void {
    const { report } = this;
    const { service, errors, warnings } = serviceValues(stack);
    warnings.forEach((problem) => report.warning(stack, problem, name));
    errors.forEach((problem) => report.error(stack, problem, name));
    this.warnOfSecrets(name, stack);
    if (!service) return;
    const file = scriptFile(stack, service.script);
    if (!this.scripts.has(file)) this.scripts.set(file, isFile(file));
    if (!this.scripts.get(file)) report.error(stack, noScript(service.script, file, stack), name);
    if (service.expose && isNothing(service.expose.api_port)) report.warning(stack, NO_PORT, name);
    if (isOutrun(service)) report.warning(stack, { ...SHORT_TTL, value: service.job!.ttl }, name);
    this.checkPlaces(name, service, stack);
  }

  private checkPlaces(name: string, service: Service, stack: Stack): void {
    const places = [
      ...(service.input ?? []).map((place, i) => ({ place, field: ['input', i] })),
      ...(service.output ?? []).map((place, i) => ({ place, field: ['output', i] })),
      ...(service.mount ? [{ place: service.mount, field: ['mount'] }] : []),
    ];
    for (const { place, field } of places) {
      this.providers.check(stack, [...field, 'storage_provider'], place.storage_provider, this.report, name);
      const isFromFdl = origin(stack, [...field, 'path']).layer.fdl !== undefined;
      const { bucket } = splitPath(place.path);
      // OSCAR makes the buckets that a service names; an FDL file counts on it.
      if (isFromFdl && bucket && isOwnStore(reference(place.storage_provider))) this.fdlBuckets.add(bucket);
    }
    service.storage_providers?.forEach((written, i) =>
      this.providers.check(stack, ['storage_providers', i], written, this.report, name),
    );
  }

  /** A reference to a Secret may be laid over a value in an FDL file, which then does nothing but lie in the open. */
  private warnOfSecrets(name: string, stack: Stack): void {
    stack.forEach((layer, i) => {
      const secrets = valueAt(layer.value, ['environment', 'secrets']);
      if (!layer.fdl || !isMap(secrets)) return;
      for (const key of Object.keys(secrets)) {
        const field = ['environment', 'secrets', key];
        const isReplaced = stack.slice(0, i).some(({ value }) => valueAt(value, field) !== undefined);
        if (!isReplaced || isMap(secrets[key])) continue;
        this.report.warning(
          [layer],
          { problem: 'it is ignored: the value comes from a Secret', field, key: true },
          name,
        );
      }
    });
  }
}

const NO_PORT: Problem = {
  problem: 'the service is not exposed: no port is named',
  field: ['expose', 'api_port'],
  fix: 'name the port of the server in the container, or leave `expose` out',
};

/** Whether the sweep may come too late to see a Job that failed. */
function isOutrun({ input = [], job }: Service): boolean {
  const isSwept = input.some(({ storage_provider }) => isOwnStore(reference(storage_provider)));
  return isSwept && job?.ttl !== undefined && job.ttl < SHORTEST_TTL_SECONDS;
}

const SHORT_TTL: Problem = {
  problem: 'a Job that failed may be removed before the sweep has seen it, which then runs the file again, each time',
  field: ['job', 'ttl'],
  allowed: `${SHORTEST_TTL_SECONDS} or more for a service with inputs in the platform's store`,
  fix: `write ${SHORTEST_TTL_SECONDS} (three times the sweep's interval, where it has another schedule), or leave \`ttl\` out: it is a day then`,
};

function noScript(script: string, file: string, stack: Stack): Problem {
  const { fdl } = origin(stack, ['script']).layer;
  return {
    problem: `the script "${file}" is not there`,
    field: ['script'],
    value: script,
    allowed: `a path, relative to the ${fdl ? 'FDL file' : 'environment file'}`,
    ...(fdl ? { fix: 'put the script there, or name another beside `fdl` in the environment: `script: PATH`' } : {}),
  };
}

function isFile(path: string): boolean {
  try {
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
