import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Cluster } from './cluster';
import { LogLine, provisioned } from './provisioning';
import { SERVICES, waitUntilReady } from './steps';

const DOCUMENT = readFileSync(join(__dirname, '../../docs/APPLY.md'), 'utf8');

/** Applies manifests, and waits until what they say holds. @returns the log of the provisioner that ran last */
export async function applyAndWait(cluster: Cluster, folder: string): Promise<LogLine[]> {
  await cluster.kubectl('apply', '--server-side', '-f', folder);
  const log = await provisioned(cluster);
  await waitUntilReady(cluster, 240);
  for (const { metadata } of await cluster.list('deployments', '-n', SERVICES))
    await cluster.kubectl('rollout', 'status', '-n', SERVICES, `deployment/${metadata.name}`, '--timeout=120s');
  return log;
}

/** As documented. @param version the one that is applied: what another one made and this one didn't is removed */
export async function removeUndeclared(cluster: Cluster, version: string): Promise<void> {
  const [, selector] = /selector='([^']+)'/.exec(DOCUMENT)!;
  const kinds = [...DOCUMENT.matchAll(/^kinds=(?:\$kinds,)?(\S+)$/gm)].map(([, part]) => part).join(',');
  const own = selector.replace('=production', '=e2e').replace('!=1.1.0', `!=${version}`);
  await cluster.kubectl('delete', kinds, '--all-namespaces', '-l', own);
}

/** The rows of a table under a heading of that document, each by its first cell: its other cells by their column. */
export function documentedTable(heading: string): Map<string, Record<string, string>> {
  const [, section] = new RegExp(`^## ${heading}$([^]*?)(?=^## )`, 'm').exec(DOCUMENT)!;
  const [columns, , ...rows] = section
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
  return new Map(
    rows.map(([first, ...cells]) => [first, Object.fromEntries(cells.map((cell, at) => [columns[at + 1], cell]))]),
  );
}
