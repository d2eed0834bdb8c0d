import { resolve } from 'node:path';
import { FieldPath } from '../constructs/errors';
import { FdlFunction, readFdl } from './fdl';
import { Layer, Stack } from './layers';
import { Report, whole } from './report';
import { FDL_ENTRY_KEYS } from './schema/environment';
import { Source } from './source';
import { withOneSpelling } from './spellings';
import { nearest } from './suggest';
import { asText, isMap, isNothing, own, YamlMap } from './values';

/** Gathers the services of a chain of environment files: which layers each of them is made of. */
export class ServiceCollector {
  /** By name, in the order in which they first appear; the base's first. */
  readonly stacks = new Map<string, Stack>();
  private readonly fdlFiles = new Map<string, FdlFunction[]>();

  constructor(private readonly report: Report) {}

  /** Adds the services of one file; its base has to be added before. */
  add(source: Source, services: unknown): void {
    if (isNothing(services)) return;
    const stack = whole(source);
    if (!Array.isArray(services)) {
      this.report.error(stack, { problem: 'this is not a list', field: ['services'], allowed: 'a list of services' });
      return;
    }
    const here = new Set<string>();
    services.forEach((entry: unknown, i) => {
      const field = ['services', i];
      if (!isMap(entry)) {
        this.report.error(stack, { problem: 'this is not a service', field, allowed: 'a map with `name` or `fdl`' });
        return;
      }
      if (!isNothing(entry['fdl'])) this.addFdl(source, entry, field, here);
      else if (!isNothing(entry['remove'])) this.remove(source, entry, field);
      else this.addInline(source, entry, field, here);
    });
  }

  private addInline(source: Source, entry: YamlMap, at: FieldPath, here: Set<string>): void {
    const name = this.nameOf(source, entry, at);
    if (name !== undefined) this.put(name, [{ source, at, value: withOneSpelling(entry) }], here);
  }

  private nameOf(source: Source, entry: YamlMap, at: FieldPath): string | undefined {
    const name = asText(entry['name']);
    if (name !== undefined) return name;
    const problem = 'the service has no name';
    this.report.error(whole(source), { problem, field: [...at, 'name'], allowed: 'text, or `fdl` instead' });
    return undefined;
  }

  private remove(source: Source, entry: YamlMap, at: FieldPath): void {
    const name = this.nameOf(source, entry, at);
    if (name === undefined) return;
    const others = Object.keys(entry).filter((key) => key !== 'name' && key !== 'remove');
    const error = (problem: string, fix?: string, field: FieldPath = [...at, 'name']) =>
      this.report.error(whole(source), { problem, field, ...(fix ? { fix } : {}) });
    if (asText(entry['remove'])?.toLowerCase() !== 'true')
      error('it can only be `true`', 'leave it out', [...at, 'remove']);
    else if (others.length) error(`a service that is removed has no other fields: ${others.join(', ')}`);
    else if (!this.stacks.delete(name)) {
      const meant = nearest(name, [...this.stacks.keys()]);
      error(`there is no service "${name}" to remove`, meant && `write "${meant}", if that is what is meant`);
    }
  }

  /** The fields beside `fdl` are laid over each function, and those under `services.<name>` over that. */
  private addFdl(source: Source, entry: YamlMap, at: FieldPath, here: Set<string>): void {
    const functions = this.functionsOf(source, entry['fdl'], at);
    if (!functions) return;
    const beside = Object.fromEntries(Object.entries(entry).filter(([key]) => !FDL_ENTRY_KEYS.includes(key)));
    if (!isNothing(beside['name'])) {
      const fix = 'write the fields of one function under `services.<name>`';
      this.report.error(whole(source), {
        problem: 'functions have their names in the FDL file',
        field: [...at, 'name'],
        fix,
      });
      return;
    }
    const named = this.overrides(source, entry['services'], functions, [...at, 'services']);
    for (const { name, layer } of functions) {
      const layers: Layer[] = [{ source, at, value: withOneSpelling(beside) }, layer];
      const overrides = own(named, name);
      if (isMap(overrides)) {
        layers.unshift({ source, at: [...at, 'services', name], value: withOneSpelling(overrides) });
      }
      this.put(name, layers, here);
    }
  }

  private functionsOf(source: Source, written: unknown, at: FieldPath): readonly FdlFunction[] | undefined {
    const file = asText(written);
    const field = [...at, 'fdl'];
    if (file === undefined) {
      this.report.error(whole(source), { problem: 'this is not a path', field, allowed: 'text' });
      return undefined;
    }
    const path = source.resolve(file);
    const known = this.fdlFiles.get(resolve(path));
    if (known) return known;
    const fdl = this.report.try(() => Source.read(path));
    if (!fdl) {
      this.report.error(whole(source), { problem: 'this FDL file is not usable', field, value: file });
      return undefined;
    }
    const functions = readFdl(fdl, this.report);
    this.fdlFiles.set(resolve(path), functions);
    return functions;
  }

  private overrides(source: Source, written: unknown, functions: readonly FdlFunction[], at: FieldPath): YamlMap {
    if (isNothing(written)) return {};
    const names = functions.map(({ name }) => name);
    const allowed = `a map from the functions' names (${names.join(', ')}) to fields`;
    if (!isMap(written)) {
      this.report.error(whole(source), { problem: 'this is not a map', field: at, allowed });
      return {};
    }
    for (const name of Object.keys(written)) {
      const field = [...at, name];
      if (!names.includes(name)) {
        this.report.error(whole(source), { problem: 'the FDL file has no such function', field, key: true, allowed });
      } else if (!isMap(written[name]) && !isNothing(written[name])) {
        this.report.error(whole(source), { problem: 'this is not a map', field, allowed: 'fields of a service' });
      }
    }
    return written;
  }

  private put(name: string, layers: Stack, here: Set<string>): void {
    const bottom = layers.at(-1)!;
    if (here.has(name)) {
      this.report.error([bottom], { problem: 'two services have this name', field: ['name'], fix: 'rename one' }, name);
      return;
    }
    here.add(name);
    this.stacks.set(name, [...layers, ...(this.stacks.get(name) ?? [])]);
  }
}
