import { resolve } from 'node:path';
import { EnvironmentError } from './findings';
import { Layer, Stack } from './layers';
import { API_VERSIONS, migrate } from './migrations';
import { located, Problem, whole } from './report';
import { KIND } from './schema/environment';
import { Source } from './source';
import { asText } from './values';

/** A file and everything that it extends, the uppermost first, each in the current version's form. */
export function readChain(first: Source): Stack {
  const chain: Layer[] = [];
  const seen = new Set<string>();
  for (let source: Source | undefined = first; source; source = baseOf(source)) {
    seen.add(resolve(source.file));
    chain.push(current(source));
    refuseCycle(source, seen);
  }
  return chain;
}

function current(source: Source): Layer {
  const { kind, apiVersion } = source.value;
  const wrong = (problem: Problem) => new EnvironmentError([located(whole(source), problem, 'error')]);
  if (kind !== KIND)
    throw wrong({ problem: 'this is not an environment', field: ['kind'], value: kind, allowed: KIND });
  const value = migrate(source.value);
  if (value) return { source, at: [], value };
  throw wrong({
    problem:
      apiVersion === undefined ? 'the version of the format is missing' : 'this version of the format is unknown',
    field: ['apiVersion'],
    value: apiVersion,
    allowed: API_VERSIONS.join(', '),
  });
}

function baseOf(source: Source): Source | undefined {
  const path = basePath(source);
  if (path === undefined) return undefined;
  try {
    return Source.read(path);
  } catch (error) {
    if (!(error instanceof EnvironmentError)) throw error;
    const problem = { problem: 'the base is not usable', field: ['extends'], value: source.value['extends'] };
    throw new EnvironmentError([located(whole(source), problem, 'error'), ...error.findings]);
  }
}

function refuseCycle(source: Source, seen: ReadonlySet<string>): void {
  const path = basePath(source);
  if (path === undefined || !seen.has(resolve(path))) return;
  const problem = { problem: 'the environment extends itself', field: ['extends'], value: source.value['extends'] };
  throw new EnvironmentError([located(whole(source), problem, 'error')]);
}

/** Path of the file that this one extends, as the user would type it. */
function basePath(source: Source): string | undefined {
  const base = asText(source.value['extends']);
  return base === undefined ? undefined : source.resolve(base);
}
