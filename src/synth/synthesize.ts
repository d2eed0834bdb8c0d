import { createHash } from 'node:crypto';
import { ApiObject, App, Chart } from 'cdk8s';
import { ENVIRONMENT_LABEL, VERSION_LABEL } from '../contract';
import { DeclarationError } from '../constructs/errors';
import { FileService } from '../constructs/file-service';
import { Platform } from '../constructs/platform';
import { EnvironmentError, LoadedEnvironment, LocatedFinding } from '../environment';
import { OutputFolder } from './folder';
import { MANIFEST_FILE, ManifestEntry, manifestText } from './manifest';
import { inApplyOrder, KubernetesObject, ObjectIndex, referenceTo } from './objects';
import { packageVersion } from './version';

/** What a synthesis needs of an environment. */
export type Synthesizable = Pick<
  LoadedEnvironment,
  'name' | 'version' | 'file' | 'serviceNames' | 'platformProps' | 'serviceProps' | 'locate'
>;

export interface SynthesisOptions {
  /** Folder in which each environment gets its own. Made when it is not there. */
  readonly outdir: string;
  /** Told of each service that is done, of as many as the environment has. */
  readonly onService?: (environment: string, done: number, of: number) => void;
}

/** What was written for one environment. */
export interface Synthesis {
  readonly environment: string;
  readonly version: string;
  /** `<outdir>/<environment>` */
  readonly folder: string;
  readonly files: number;
  readonly objects: number;
  /** Files in the folder that are not ours; they were left as they are. */
  readonly foreignFiles: readonly string[];
}

/**
 * Writes an environment's manifests to `<outdir>/<environment>/`: `00-namespaces.yaml`, `10-<part>.yaml` for each part
 * of the platform, `service-<name>.yaml` for each service, and `manifest.json`. The same input gives the same bytes.
 *
 * Throws `EnvironmentError` with all findings, or `DeclarationError` on a folder that is not ours; then nothing changed.
 */
export function synthesize(environment: Synthesizable, options: SynthesisOptions): Synthesis {
  return synthesizeAll([environment], options)[0];
}

/** As `synthesize`, for several environments. All of them are good, or nothing is changed. */
export function synthesizeAll(environments: readonly Synthesizable[], options: SynthesisOptions): Synthesis[] {
  refuseSameNames(environments);
  const written: EnvironmentWriter[] = [];
  const findings: LocatedFinding[] = [];
  try {
    for (const environment of environments) {
      const writer = new EnvironmentWriter(environment, options);
      written.push(writer);
      findings.push(...writer.write());
    }
    if (findings.length) throw new EnvironmentError(findings);
    const results = written.map((writer) => writer.result());
    for (const writer of written) writer.folder.swap();
    return results;
  } finally {
    for (const writer of written) writer.folder.discard();
  }
}

function refuseSameNames(environments: readonly Synthesizable[]): void {
  const files = new Map<string, string>();
  for (const { name, file } of environments) {
    const other = files.get(name);
    if (other !== undefined) {
      throw new DeclarationError({
        problem: `two environments have the name "${name}": ${other} and ${file}`,
        fix: 'rename one',
      });
    }
    files.set(name, file);
  }
}

/** One environment's way into its folder. Each service is written and dropped before the next one is made. */
class EnvironmentWriter {
  readonly folder: OutputFolder;
  private readonly index = new ObjectIndex();
  private readonly entries: ManifestEntry[] = [];

  constructor(
    private readonly environment: Synthesizable,
    private readonly options: SynthesisOptions,
  ) {
    this.folder = new OutputFolder(options.outdir, environment.name);
  }

  /** Everything that was refused. */
  write(): LocatedFinding[] {
    const findings: LocatedFinding[] = [];
    const attempt = (work: () => void) => {
      try {
        work();
      } catch (error) {
        if (!(error instanceof DeclarationError)) throw error;
        findings.push(this.environment.locate(error));
      }
    };
    attempt(() => {
      const chart = this.newChart('platform');
      const platform = new Platform(chart, 'platform', this.environment.platformProps());
      const { name: environment, serviceNames } = this.environment;
      serviceNames.forEach((name, i) => {
        attempt(() => this.writeService(name, platform));
        this.options.onService?.(environment, i + 1, serviceNames.length);
      });
      // What services declare is in the platform's own objects, so these come last.
      if (findings.length === 0) this.writePlatform(chart);
    });
    if (findings.length === 0) this.writeManifest();
    return findings;
  }

  result(): Synthesis {
    const { name, version } = this.environment;
    return {
      environment: name,
      version,
      folder: this.folder.path,
      files: this.entries.length,
      objects: this.entries.reduce((sum, { objects }) => sum + objects.length, 0),
      foreignFiles: this.folder.foreignFiles(),
    };
  }

  /** An App for each chart: cdk8s goes over the whole App for each chart that it synthesizes. */
  private newChart(id: string): Chart {
    return new Chart(new App(), id, {
      disableResourceNameHashes: true,
      labels: { [ENVIRONMENT_LABEL]: this.environment.name, [VERSION_LABEL]: this.environment.version },
    });
  }

  private writeService(name: string, platform: Platform): void {
    const chart = this.newChart('services');
    new FileService(chart, name, this.environment.serviceProps(name, platform));
    this.writeFile(`service-${name}.yaml`, objectsIn(chart), name);
  }

  private writePlatform(chart: Chart): void {
    const files = new Map<string, KubernetesObject[]>();
    for (const object of objectsIn(chart)) {
      const file = platformFile(object);
      files.set(file, [...(files.get(file) ?? []), object]);
    }
    for (const [file, objects] of files) this.writeFile(file, objects);
  }

  private writeFile(file: string, objects: readonly KubernetesObject[], service?: string): void {
    const ordered = inApplyOrder(objects);
    const text = ordered.map((object) => this.index.add(object, file, service)).join('---\n');
    this.folder.write(file, text);
    const sha256 = createHash('sha256').update(text).digest('hex');
    this.entries.push({ file, sha256, objects: ordered.map(referenceTo) });
  }

  private writeManifest(): void {
    const { name: environment, version } = this.environment;
    const files = this.entries.sort((a, b) => (a.file < b.file ? -1 : 1));
    const generator = `oscar-cdk8s/${packageVersion()}`;
    this.folder.write(MANIFEST_FILE, manifestText({ generator, environment, version, files }));
  }
}

/**
 * A chart's objects, in the order in which they were declared. `Chart.toJson` would sort them by dependencies, which
 * `inApplyOrder` does by their kinds.
 */
function objectsIn(chart: Chart): KubernetesObject[] {
  return chart.node
    .findAll()
    .filter((construct) => ApiObject.isApiObject(construct))
    .map((object) => object.toJson());
}

/** kubectl reads a folder's files by name: namespaces first, then the platform's parts, then services. */
function platformFile({ kind, metadata: { labels = {} } }: KubernetesObject): string {
  if (kind === 'Namespace') return '00-namespaces.yaml';
  return `10-${labels['app.kubernetes.io/component'] ?? 'platform'}.yaml`;
}
