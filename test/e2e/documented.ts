import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const TEXT = readFileSync(join(__dirname, '../../docs/APPLY.md'), 'utf8');
const KINDS = [...TEXT.matchAll(/^kinds=(?:\$kinds,)?(\S+)$/gm)].map(([, part]) => part).join(',');

/** `kubectl delete` of docs/APPLY.md for what a new version does not declare any longer. */
export const removalOfUndeclared = (environment: string) => deletion(/^selector='([^']+)'$/m, environment);

/** `kubectl delete` of docs/APPLY.md for all but the data. */
export const takedown = (environment: string) => deletion(/^kubectl delete .* -l '([^']+)'$/m, environment);

function deletion(selector: RegExp, environment: string): string[] {
  const [, labels] = selector.exec(TEXT)!;
  return ['delete', KINDS, '--all-namespaces', '-l', labels.replace('=production', `=${environment}`)];
}
