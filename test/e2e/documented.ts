import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const pageOf = (name: string) => readFileSync(join(__dirname, `../../docs/${name}.md`), 'utf8');
const KINDS = [...pageOf('APPLY').matchAll(/^kinds=(?:\$kinds,)?(\S+)$/gm)].map(([, part]) => part).join(',');

/** Deletions of docs/APPLY.md, as arguments of kubectl. */
type Deletion = readonly string[];

/** Of what an environment no longer declares, now that it has this version. */
export function removalOfUndeclared(environment: string, version: string): Deletion {
  const [deletion] = deletionsBelow('Removing what is no longer declared', environment);
  return deletion.map((argument) => argument.replace('!=1.1.0', `!=${version}`));
}

/** Of all but the data. */
export const takedown = (environment: string) => deletionsBelow('Taking it down', environment);

/** What is to be typed on a node, of what the supervisor's installer left there. */
export const removalOnNodes = () => blocksOf('Taking it down')[1];

/** Blocks of shell below a heading, as they stand. */
export function blocksOf(heading: string, page = 'APPLY'): string[] {
  const [, section] = pageOf(page).split(`\n## ${heading}\n`);
  return [...section.split('\n## ')[0].matchAll(/^```sh\n([^]*?)^```$/gm)].map(([, block]) => block);
}

/** Lines of shell below a heading, with its `#`s, and above the next one of any kind: each as it stands. */
export function commandsBelow(heading: string, page: string): string[] {
  const [, section] = pageOf(page).split(`\n${heading}\n`);
  return [...section.split(/\n##+ /)[0].matchAll(/^ {4}(\S.*)$/gm)].map(([, command]) => command);
}

function deletionsBelow(heading: string, environment: string): Deletion[] {
  const [block] = blocksOf(heading);
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
export function documentedTable(heading: string, page = 'APPLY'): Map<string, Record<string, string>> {
  const [, section] = pageOf(page).split(`\n## ${heading}\n`);
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
