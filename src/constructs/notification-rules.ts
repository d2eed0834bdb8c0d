import type { NotificationRule } from '../contract';

/**
 * S3 refuses rules that overlap. Rules are widened until none do: it costs an event that nobody wants, which the
 * manager drops, and never one that somebody wants. Prefixes are whole folders, as `keyPrefix` makes them.
 */
export function withoutOverlap(rules: readonly NotificationRule[]): NotificationRule[] {
  for (let pending = sorted(rules); ;) {
    const { kept, widened } = absorb(pending);
    if (!widened) return sorted(kept);
    pending = kept;
  }
}

/** Outer folders first; equal ones in an order that doesn't depend on the services' order. */
const sorted = (rules: readonly NotificationRule[]) =>
  [...rules].sort((a, b) => compare(a.prefix, b.prefix) || compare(a.suffix, b.suffix));
const compare = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);

/** Lets each rule go up in one of its own or an outer folder that it overlaps with, which then takes the wider suffix. */
function absorb(rules: readonly NotificationRule[]): { kept: NotificationRule[]; widened: boolean } {
  const suffixes = new Map<string, string[]>();
  let widened = false;
  for (const { prefix, suffix } of rules) {
    const outer = foldersAround(prefix).find((folder) => suffixes.get(folder)?.some((one) => overlap(one, suffix)));
    if (outer === undefined) {
      suffixes.set(prefix, [...(suffixes.get(prefix) ?? []), suffix]);
      continue;
    }
    const known = suffixes.get(outer)!;
    const at = known.findIndex((one) => overlap(one, suffix));
    if (suffix.length >= known[at].length) continue;
    known[at] = suffix;
    widened = true;
  }
  const kept = [...suffixes].flatMap(([prefix, all]) => all.map((suffix) => ({ prefix, suffix })));
  return { kept, widened };
}

/** `a/b/` → ``, `a/`, `a/b/`. */
function foldersAround(prefix: string): string[] {
  const folders = [''];
  for (let at = prefix.indexOf('/'); at >= 0; at = prefix.indexOf('/', at + 1)) folders.push(prefix.slice(0, at + 1));
  return folders;
}

const overlap = (a: string, b: string) => a.endsWith(b) || b.endsWith(a);
