import { statSync } from 'node:fs';
import { splitPath } from '../contract';
import { DeclarationError, FieldPath } from '../constructs/errors';
import type { FileServiceProps } from '../constructs/file-service';
import type { IPlatform } from '../constructs/platform-reference';
import type { PlatformProps } from '../constructs/platform';
import { readChain } from './chain';
import { ServiceCollector } from './collect';
import type { FdlFile } from './fdl';
import { LocatedFinding } from './findings';
import { problems, valueAt } from './issues';
import { mergeStack, origin, Stack } from './layers';
import { platformProps } from './platform-props';
import { isOwnStore, Providers, reference } from './providers';
import { located, Problem, Report } from './report';
import { Environment, environmentSchema, Service } from './schema/environment';
import { scriptFile, serviceProps } from './service-props';
import { serviceValues } from './service-values';
import { Source } from './source';
import { isMap, isNothing } from './values';

/** A valid environment: platform, services and where everything of them is written. */
export class LoadedEnvironment {
  /** In the order in which they were written, the base's first. */
  readonly serviceNames: readonly string[];
  readonly warnings: readonly LocatedFinding[];
  private readonly values: Environment;
  private readonly stack: Stack;
  private readonly services: ReadonlyMap<string, Stack>;
  private readonly providers: Providers;
  private readonly fdlBuckets = new Set<string>();

  /** @throws EnvironmentError with all findings */
  constructor(source: Source, strict: boolean) {
    const report = new Report(strict);
    const chain = readChain(source);
    const collector = new ServiceCollector(report);
    for (const { source, value } of [...chain].reverse()) collector.add(source, value['services']);
    this.stack = chain.map((layer) => ({ ...layer, value: { ...layer.value, services: undefined } }));
    this.services = collector.stacks;
    this.serviceNames = [...this.services.keys()];
    this.providers = new Providers(this.stack);
    const values = this.check(report);
    this.checkFiles(report);
    const scripts = new Map<string, boolean>();
    for (const [name, stack] of this.services) this.checkService(name, stack, report, scripts);
    report.throwIfErrors();
    this.warnings = report.all();
    this.values = values!;
  }

  get name(): string {
    return this.values.name;
  }

  get version(): string {
    return this.values.version;
  }

  /** As it was given. */
  get file(): string {
    return this.stack[0]!.source.file;
  }

  get kubernetesVersion() {
    return this.platformProps().kubernetesVersion!;
  }

  platformProps(): PlatformProps {
    return platformProps(this.values, this.fdlBuckets);
  }

  /**
   * Made anew at each call, so that nothing of ten thousand services needs to be kept.
   * @throws DeclarationError when the script can't be read
   */
  serviceProps(name: string, platform: IPlatform): FileServiceProps {
    const stack = this.services.get(name);
    if (!stack) throw new Error(`the environment has no service "${name}"`);
    return serviceProps(serviceValues(stack).service!, stack, platform, this.providers);
  }

  /** Where in the user's files the values stand that a construct refused. */
  locate({ finding }: DeclarationError): LocatedFinding {
    const { service, field = [], ...rest } = finding;
    const stack = service === undefined ? undefined : this.services.get(service);
    if (!stack) return located(this.stack, { ...rest, field: this.platformField(field) }, 'error', service);
    const [key, ...settings] = field;
    if (key !== 'storage_providers' || typeof settings[0] !== 'string') {
      return located(stack, { ...rest, field }, 'error', service);
    }
    const { stack: provider } = this.providers.stackOf(stack, `${settings[0]}.${settings[1]}`);
    return {
      ...located(provider.length ? provider : stack, { ...rest, field: settings.slice(2) }, 'error', service),
      field,
    };
  }

  /** Constructs know props, which stand under `platform` in an environment, but for some. */
  private platformField(field: FieldPath): FieldPath {
    const flat = field[0] === 'images' && field[1] === 'replace' ? ['images', ...field.slice(2)] : field;
    const isOutside = ['kubernetesVersion', 'buckets', 'storageProviders'].includes(String(flat[0]));
    return isOutside || !flat.length ? flat : ['platform', ...flat];
  }

  private check(report: Report): Environment | undefined {
    const merged = mergeStack(this.stack);
    const parsed = environmentSchema.safeParse(merged);
    if (!parsed.success) {
      problems(parsed.error.issues, merged).forEach((problem) => report.error(this.stack, problem));
      return undefined;
    }
    try {
      platformProps(parsed.data, []);
    } catch (error) {
      if (!(error instanceof DeclarationError)) throw error;
      report.error(this.stack, error.finding);
    }
    if (valueAt(merged, ['storageProviders', 'minio', 'default']) !== undefined) {
      report.error(this.stack, ownStoreDefined(['storageProviders', 'minio', 'default']));
    }
    return parsed.data;
  }

  private checkFiles(report: Report): void {
    const files = new Set<FdlFile>();
    for (const stack of this.services.values()) for (const { fdl } of stack) if (fdl) files.add(fdl);
    for (const file of files) this.providers.checkFile(file, report);
  }

  private checkService(name: string, stack: Stack, report: Report, scripts: Map<string, boolean>): void {
    const { service, errors, warnings } = serviceValues(stack);
    warnings.forEach((problem) => report.warning(stack, problem, name));
    errors.forEach((problem) => report.error(stack, problem, name));
    this.warnOfSecrets(name, stack, report);
    if (!service) return;
    const file = scriptFile(stack, service.script);
    if (!scripts.has(file)) scripts.set(file, isFile(file));
    if (!scripts.get(file)) report.error(stack, noScript(service.script, file, stack), name);
    if (service.expose && isNothing(service.expose.api_port)) report.warning(stack, NO_PORT, name);
    this.checkPlaces(name, service, stack, report);
  }

  private checkPlaces(name: string, service: Service, stack: Stack, report: Report): void {
    const places = [
      ...(service.input ?? []).map((place, i) => ({ place, field: ['input', i] })),
      ...(service.output ?? []).map((place, i) => ({ place, field: ['output', i] })),
      ...(service.mount ? [{ place: service.mount, field: ['mount'] }] : []),
    ];
    for (const { place, field } of places) {
      this.providers.check(stack, [...field, 'storage_provider'], place.storage_provider, report, name);
      const isFromFdl = origin(stack, [...field, 'path']).layer.fdl !== undefined;
      const { bucket } = splitPath(place.path);
      // OSCAR makes the buckets that a service names; an FDL file counts on it.
      if (isFromFdl && bucket && isOwnStore(reference(place.storage_provider))) this.fdlBuckets.add(bucket);
    }
    service.storage_providers?.forEach((written, i) =>
      this.providers.check(stack, ['storage_providers', i], written, report, name),
    );
  }

  /** A reference to a Secret may be laid over a value in an FDL file, which then does nothing but lie in the open. */
  private warnOfSecrets(name: string, stack: Stack, report: Report): void {
    stack.forEach((layer, i) => {
      const secrets = valueAt(layer.value, ['environment', 'secrets']);
      if (!layer.fdl || !isMap(secrets)) return;
      for (const key of Object.keys(secrets)) {
        const field = ['environment', 'secrets', key];
        const isReplaced = stack.slice(0, i).some(({ value }) => valueAt(value, field) !== undefined);
        if (!isReplaced || isMap(secrets[key])) continue;
        report.warning([layer], { problem: 'it is ignored: the value comes from a Secret', field, key: true }, name);
      }
    });
  }
}

const NO_PORT: Problem = {
  problem: 'the service is not exposed: no port is named',
  field: ['expose', 'api_port'],
  fix: 'name the port of the server in the container, or leave `expose` out',
};

const ownStoreDefined = (field: FieldPath): Problem => ({
  problem: "this is the platform's own store, which is not defined here",
  field,
  key: true,
  fix: 'use `platform.minio`, or another id',
});

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
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
}
