import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { filesNamedIn, MANIFEST_FILE } from './manifest';
import { Synthesizable, synthesizeAll } from './synthesize';

/** A file that is not what a synthesis would write. */
export interface FileDifference {
  /** Path, below the folder that was given. */
  readonly file: string;
  readonly problem: 'missing' | 'differs' | 'left over';
}

/**
 * How `outdir` differs from what the environments say. Files that are nobody's are not looked at.
 * @param isAll the environments are all that there are: a folder of another one is left over
 * @throws EnvironmentError as `synthesizeAll` does, DeclarationError on a folder that is not ours
 */
export function compareWithFolder(
  environments: readonly Synthesizable[],
  outdir: string,
  { isAll }: { readonly isAll: boolean },
): FileDifference[] {
  const fresh = mkdtempSync(join(tmpdir(), 'oscar-cdk8s-'));
  try {
    const results = synthesizeAll(environments, { outdir: fresh });
    const names = results.map(({ environment }) => environment);
    return [
      ...names.flatMap((name) => compareFolders(join(fresh, name), join(outdir, name))),
      ...(isAll ? foldersOfOthers(outdir, names) : []),
    ];
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
}

function compareFolders(fresh: string, folder: string): FileDifference[] {
  const names = new Set([...readdirSync(fresh), ...namesOfAnEarlierSynthesis(folder)]);
  return [...names].sort().flatMap((name): FileDifference[] => {
    const file = join(folder, name);
    const [expected, actual] = [bytesOf(join(fresh, name)), bytesOf(file)];
    if (!expected) return actual ? [{ file, problem: 'left over' }] : [];
    if (!actual) return [{ file, problem: 'missing' }];
    return expected.equals(actual) ? [] : [{ file, problem: 'differs' }];
  });
}

/** Whether they are still there or not. */
function namesOfAnEarlierSynthesis(folder: string): ReadonlySet<string> {
  const manifest = join(folder, MANIFEST_FILE);
  const text = bytesOf(manifest)?.toString('utf8');
  return text === undefined ? new Set() : filesNamedIn(text, manifest);
}

function foldersOfOthers(outdir: string, names: readonly string[]): FileDifference[] {
  const folders = statSync(outdir, { throwIfNoEntry: false })?.isDirectory() ? readdirSync(outdir).sort() : [];
  return folders
    .filter((name) => !name.startsWith('.') && !names.includes(name))
    .filter((name) => namesOfAnEarlierSynthesis(join(outdir, name)).size > 0)
    .map((name) => ({ file: join(outdir, name), problem: 'left over' }));
}

function bytesOf(file: string): Buffer | undefined {
  return statSync(file, { throwIfNoEntry: false })?.isFile() ? readFileSync(file) : undefined;
}
