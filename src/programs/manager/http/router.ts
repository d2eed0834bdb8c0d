import { SERVICE_NAME_MAX } from '../../../contract';
import { HttpError } from './answer';
import type { Route } from './route';

type Parameters = Readonly<Record<string, string>>;

/** What a path leads to. */
export interface Match {
  /** Those of any method, at least one. */
  readonly routes: readonly Route[];
  /** As they stand in the path. */
  readonly raw: Parameters;
}

interface Entry {
  readonly segments: readonly string[];
  readonly routes: Route[];
}

/** Finds the routes of a path. */
export class Router {
  private readonly entries: Entry[] = [];

  constructor(routes: readonly Route[]) {
    for (const route of routes) {
      const known = this.entries.find(({ routes: [{ path }] }) => path === route.path);
      if (known) known.routes.push(route);
      else this.entries.push({ segments: segmentsOf(route.path), routes: [route] });
    }
  }

  /** @param path without a query; one slash at its end doesn't count */
  match(path: string): Match | undefined {
    const segments = segmentsOf(path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path);
    for (const entry of this.entries) {
      const raw = parametersOf(entry.segments, segments);
      if (raw) return { routes: entry.routes, raw };
    }
    return undefined;
  }
}

const segmentsOf = (path: string) => path.split('/').slice(1);

/** @returns nothing where a path is another one */
function parametersOf(pattern: readonly string[], segments: readonly string[]): Parameters | undefined {
  if (pattern.length !== segments.length) return undefined;
  const found: Record<string, string> = {};
  for (const [index, part] of pattern.entries()) {
    const segment = segments[index];
    if (!part.startsWith(':')) {
      if (part !== segment) return undefined;
    } else if (segment === '') return undefined;
    else found[part.slice(1)] = segment;
  }
  return found;
}

/** What can be a name in Kubernetes, and so part of a path or selector there, without any escaping. */
const NAMES: Readonly<Record<string, { readonly fits: RegExp; readonly longest: number }>> = {
  // RFC 1035.
  service: { fits: /^[a-z](?:[a-z0-9-]*[a-z0-9])?$/, longest: SERVICE_NAME_MAX },
  job: { fits: /^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$/, longest: 63 },
};

/**
 * Decodes a path's parameters.
 * @throws HttpError 400 for what is no text, 404 for what can't be the name of anything
 */
export function decodeParameters(raw: Parameters): Parameters {
  return Object.fromEntries(Object.entries(raw).map(([name, value]) => [name, decode(name, value)]));
}

function decode(name: string, raw: string): string {
  const value = unescaped(raw);
  const known = NAMES[name];
  if (!known) throw new Error(`there is no rule for the parameter ${name}`);
  if (value.length > known.longest || !known.fits.test(value)) {
    throw new HttpError(404, `No ${name} can have this name.`);
  }
  return value;
}

function unescaped(raw: string): string {
  let value: string;
  try {
    value = decodeURIComponent(raw);
  } catch {
    throw new HttpError(400, 'The path has a broken escape: write % as %25.');
  }
  // eslint-disable-next-line no-control-regex
  if (/[\u0000-\u001f\u007f]/.test(value)) throw new HttpError(400, 'The path has a control character.');
  return value;
}
