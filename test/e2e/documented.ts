import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const TEXT = readFileSync(join(__dirname, '../../docs/APPLY.md'), 'utf8');
const KINDS = [...TEXT.matchAll(/^kinds=(?:\$kinds,)?(\S+)$/gm)].map(([, part]) => part).join(',');

/** Deletions of docs/APPLY.md, as arguments of kubectl. */
type Deletion = readonly string[];

/** Of what an environment no longer declares, now that it has this version. */
export function removalOfUndeclared(environment: string, version: string): Deletion {
  const [deletion] = deletionsBelow('Removing what is no longer declared', environment);
  return deletion.map((argument) => argument.replace('!=1.1.0', `!=${version}`));
}

/** Of all but the data. */
export const takedown = (environment: string) => deletionsBelow('Taking it down', environment);

function deletionsBelow(heading: string, environment: string): Deletion[] {
  const [, section] = TEXT.split(`\n## ${heading}\n`);
  const [, block] = /^```sh\n([^]*?)^```$/m.exec(section)!;
  const [, selector = ''] = /^selector='(.*)'$/m.exec(block) ?? [];
  return [...block.matchAll(/^kubectl delete (\S+) --all-namespaces -l (\S+)/gm)].map(([, kinds, labels]) => [
    'delete',
    kinds === '"$kinds"' ? KINDS : kinds,
    '--all-namespaces',
    '-l',
    (labels === '"$selector"' ? selector : labels.slice(1, -1)).replace('=production', `=${environment}`),
  ]);
}

/** The rows of a table below a heading, each by its first cell: its other cells by their column. */
export function documentedTable(heading: string): Map<string, Record<string, string>> {
  const [, section] = TEXT.split(`\n## ${heading}\n`);
  const [columns, , ...rows] = section
    .split('\n## ')[0]
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
