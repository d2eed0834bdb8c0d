import { DeclarationError, FieldPath } from '../constructs/errors';
import type { FileServiceProps } from '../constructs/file-service';
import type { IPlatform } from '../constructs/platform-reference';
import type { PlatformProps } from '../constructs/platform';
import { readChain } from './chain';
import { ServiceCollector } from './collect';
import type { FdlFile } from './fdl';
import { LocatedFinding } from './findings';
import { problems, valueAt } from './issues';
import { mergeStack, Stack } from './layers';
import { platformProps } from './platform-props';
import { Providers } from './providers';
import { located, Problem, Report } from './report';
import { Environment, environmentSchema } from './schema/environment';
import { scriptFile, serviceProps } from './service-props';
import { ServiceChecker } from './service-check';
import { serviceValues } from './service-values';
import { Source } from './source';

/** A valid environment: platform, services and where everything of them is written. */
export class LoadedEnvironment {
  /** In the order in which they were written, the base's first. */
  readonly serviceNames: readonly string[];
  readonly warnings: readonly LocatedFinding[];
  private readonly values: Environment;
  private readonly stack: Stack;
  private readonly services: ReadonlyMap<string, Stack>;
  private readonly providers: Providers;
  private readonly fdlBuckets: ReadonlySet<string>;

  /** @throws EnvironmentError with all findings */
  constructor(source: Source, strict: boolean) {
    const report = new Report(strict, source.file);
    const chain = readChain(source);
    const collector = new ServiceCollector(report);
    for (const { source, value } of [...chain].reverse()) collector.add(source, value['services']);
    this.stack = chain.map((layer) => ({ ...layer, value: { ...layer.value, services: undefined } }));
    this.services = collector.stacks;
    this.serviceNames = [...this.services.keys()];
    this.providers = new Providers(this.stack);
    const values = this.check(report);
    this.checkFiles(report);
    const checker = new ServiceChecker(this.providers, report);
    for (const [name, stack] of this.services) checker.check(name, stack);
    this.fdlBuckets = checker.fdlBuckets;
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

  /** Everything that it is made of, as the user would type it: itself, its bases, FDL files, scripts. */
  files(): string[] {
    const services = [...this.services.values()];
    const scripts = services.map((stack) => scriptFile(stack, serviceValues(stack).service!.script));
    const sources = [this.stack, ...services].flatMap((stack) => stack.map(({ source }) => source.file));
    return [...new Set([...sources, ...scripts])];
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
    return located(stack, { ...rest, field }, 'error', service);
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
}

const ownStoreDefined = (field: FieldPath): Problem => ({
  problem: "this is the platform's own store, which is not defined here",
  field,
  key: true,
  fix: 'use `platform.minio`, or another id',
});
