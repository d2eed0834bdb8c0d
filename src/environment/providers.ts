import { PLATFORM_STORE, StorageType } from '../contract';
import { DeclarationError, FieldPath } from '../constructs/errors';
import { StorageProvider } from '../constructs/storage';
import type { FdlFile } from './fdl';
import { problems } from './issues';
import { Layer, mergeStack, Stack } from './layers';
import { Problem, Report } from './report';
import { providerSchemas } from './schema/storage';
import { nearest } from './suggest';
import { isMap, isNothing, own, YamlMap } from './values';

const TYPES = Object.keys(providerSchemas) as StorageType[];

interface Reference {
  /** `<type>.<id>` */
  readonly name: string;
  readonly type: string;
  readonly id: string;
}

/** FDL's `storage_provider`: without an id it is `default`, without anything it is the platform's own store. */
export function reference(written: string | undefined): Reference {
  const [type = '', ...rest] = (written?.trim() || PLATFORM_STORE).split('.');
  const id = rest.join('.') || 'default';
  return { name: `${type}.${id}`, type, id };
}

export const isOwnStore = ({ name }: Reference) => name === PLATFORM_STORE;

/** Storage providers: those of the environment, laid over those of a service's FDL file. */
export class Providers {
  private readonly made = new Map<string, { provider?: StorageProvider; problems: Problem[]; stack: Stack }>();

  /** @param environment layers of the environment, the uppermost first */
  constructor(private readonly environment: Stack) {}

  /** Says what is wrong with the references at `field`; each provider's own findings are told once. */
  check(service: Stack, field: FieldPath, written: string | undefined, report: Report, name: string): void {
    const asked = reference(written);
    if (isOwnStore(asked)) return;
    const known = this.made.has(this.key(service, asked));
    const { stack, problems } = this.make(service, asked);
    if (!stack.length) report.error(service, this.unknown(service, asked, field), name);
    else if (!known) problems.forEach((problem) => report.error(stack, problem));
  }

  /** A provider that was checked. */
  of(service: Stack, written: string | undefined): StorageProvider {
    const asked = reference(written);
    const { provider } = this.make(service, asked);
    if (!provider) throw new Error(`provider "${asked.name}" was never checked`);
    return provider;
  }

  /** Secrets in an FDL file, and settings that nothing can be done with. */
  checkFile(file: FdlFile, report: Report): void {
    const stack: Stack = [{ source: file.source, at: [], value: file.source.value }];
    for (const field of file.secrets) {
      const [, type, id, key] = field as string[];
      const secretName = this.settings(this.environment, `${type}.${id}`)['secretName'];
      if (isNothing(secretName)) report.error(stack, plainSecret(field, `${type}.${id}`));
      else report.warning(stack, { problem: `"${key}" is ignored: it comes from a Secret`, field, key: true });
    }
    for (const type of Object.keys(file.providers).filter((type) => !TYPES.includes(type as StorageType))) {
      const problem = 'there is no such storage provider, and it is ignored';
      report.warning(stack, { problem, field: ['storage_providers', type], key: true, allowed: TYPES.join(', ') });
    }
  }

  private settings(stack: Stack, name: string): YamlMap {
    const asked = reference(name);
    return mergeStack(stack.flatMap((layer) => this.layer(layer, 'storageProviders', layer.value, asked)));
  }

  private make(service: Stack, asked: Reference) {
    const key = this.key(service, asked);
    const made = this.made.get(key) ?? this.build(service, asked);
    this.made.set(key, made);
    return made;
  }

  private key(service: Stack, { name }: Reference): string {
    return [name, ...service.flatMap(({ fdl }) => fdl?.source.file ?? [])].join('\n');
  }

  private build(service: Stack, asked: Reference) {
    const stack = [
      ...this.environment.flatMap((layer) => this.layer(layer, 'storageProviders', layer.value, asked)),
      ...service.flatMap((layer) => this.fdlLayer(layer, asked)),
    ];
    if (!stack.length || !TYPES.includes(asked.type as StorageType)) return { problems: [], stack: [] };
    const settings = mergeStack(stack);
    const parsed = providerSchemas[asked.type as StorageType].safeParse(settings);
    if (!parsed.success) return { problems: problems(parsed.error.issues, settings).map(withFix(asked)), stack };
    try {
      return { provider: provider(asked, parsed.data), problems: [], stack };
    } catch (error) {
      if (!(error instanceof DeclarationError)) throw error;
      // Its field is `storage_providers.<type>.<id>…`, and the layers are of what is under it.
      return { problems: [{ ...error.finding, field: error.finding.field?.slice(3) ?? [] }], stack };
    }
  }

  private fdlLayer(layer: Layer, asked: Reference): Layer[] {
    const { fdl } = layer;
    return fdl
      ? this.layer(
          { ...layer, source: fdl.source, at: [] },
          'storage_providers',
          { storage_providers: fdl.providers },
          asked,
        )
      : [];
  }

  private layer({ source, at }: Layer, key: string, value: YamlMap, { type, id }: Reference): Layer[] {
    const types = value[key];
    const ids = isMap(types) ? own(types, type) : undefined;
    const settings = isMap(ids) ? own(ids, id) : undefined;
    return isMap(settings) ? [{ source, at: [...at, key, type, id], value: settings }] : [];
  }

  private unknown(service: Stack, { name }: Reference, field: FieldPath): Problem {
    const names = (value: unknown) =>
      isMap(value)
        ? TYPES.flatMap((type) => (isMap(value[type]) ? Object.keys(value[type]).map((id) => `${type}.${id}`) : []))
        : [];
    const known = [
      PLATFORM_STORE,
      ...this.environment.flatMap(({ value }) => names(value['storageProviders'])),
      ...service.flatMap(({ fdl }) => names(fdl?.providers)),
    ];
    const meant = nearest(name, known);
    return {
      problem: `no storage provider "${name}" is defined`,
      field,
      allowed: `one of: ${[...new Set(known)].sort().join(', ')}`,
      fix: meant ? `write "${meant}", if that is what is meant` : "define it in the environment's `storageProviders`",
    };
  }
}

const withFix =
  ({ type, id }: Reference) =>
  (problem: Problem): Problem =>
    problem.field?.[0] === 'secretName'
      ? {
          ...problem,
          fix: `name the Secret with its credentials in the environment's \`storageProviders.${type}.${id}.secretName\``,
        }
      : problem;

const plainSecret = (field: FieldPath, name: string): Problem => ({
  problem: 'a secret may not stand here in plain text',
  field,
  key: true,
  fix:
    name === PLATFORM_STORE
      ? 'leave it out: each service has keys of its own for the platform’s store'
      : `put it in a Secret of the services' namespace and name that in the environment's \`storageProviders.${name}.secretName\``,
});

type Settings = ReturnType<(typeof providerSchemas)[StorageType]['parse']>;

function provider({ type, id }: Reference, settings: Settings): StorageProvider {
  if ('space' in settings) return StorageProvider.onedata(id, settings);
  if ('hostname' in settings) return StorageProvider.webdav(id, settings);
  if (type === 's3') return StorageProvider.s3(id, settings as ReturnType<typeof providerSchemas.s3.parse>);
  const {
    endpoint,
    region = 'us-east-1',
    verify = true,
    secretName,
  } = settings as ReturnType<typeof providerSchemas.minio.parse>;
  return StorageProvider.minio(id, { endpoint, region, verify, secretName });
}
