import { join } from 'node:path';
import { format, LoadedEnvironment } from '../../environment';
import { compareWithFolder, FileDifference, Synthesis, synthesizeAll } from '../../synth';
import { EnvironmentOptions, loadAll } from '../environments';
import { progressOf } from '../progress';
import type { ExitCode, Terminal } from '../terminal';
import { watchFiles } from '../watch';

export interface SynthOptions extends EnvironmentOptions {
  /** Folder in which each environment has its own. */
  readonly outdir: string;
  /** Writes nothing, and compares. */
  readonly check?: boolean;
  /** Writes again whenever a file changes. */
  readonly watch?: boolean;
  readonly json?: boolean;
}

/**
 * `oscar-cdk8s synth`.
 * @throws UsageError, EnvironmentError or DeclarationError; then nothing is changed
 */
export async function synth(names: readonly string[], options: SynthOptions, terminal: Terminal): Promise<ExitCode> {
  if (options.check) return check(names, options, terminal);
  const work = () => write(names, options, terminal);
  if (options.watch) await watchFiles(options.environments, terminal, () => work().flatMap((each) => each.files()));
  else work();
  return 0;
}

/** @returns what was written */
function write(names: readonly string[], options: SynthOptions, terminal: Terminal): LoadedEnvironment[] {
  const { out, err } = terminal;
  const loaded = loadAll(names, options);
  const warnings = loaded.flatMap((environment) => environment.warnings);
  const results = synthesizeWithProgress(loaded, options.outdir, terminal);
  if (options.json) out(JSON.stringify({ environments: results, warnings }, null, 2));
  for (const warning of warnings) err(format(warning));
  for (const result of results) {
    for (const file of result.foreignFiles) err(foreignFileWarning(result, file));
    if (!options.json) out(`${result.folder}: ${result.files} files, ${result.objects} objects`);
  }
  return loaded;
}

function synthesizeWithProgress(loaded: readonly LoadedEnvironment[], outdir: string, terminal: Terminal): Synthesis[] {
  try {
    return synthesizeAll(loaded, { outdir, onService: progressOf(terminal) });
  } finally {
    terminal.progress('');
  }
}

function check(names: readonly string[], options: SynthOptions, { out, err }: Terminal): ExitCode {
  const loaded = loadAll(names, options);
  const differences = compareWithFolder(loaded, options.outdir, { isAll: names.length === 0 });
  if (options.json) out(JSON.stringify({ differences }, null, 2));
  else for (const difference of differences) out(described(difference));
  if (differences.length === 0) return 0;
  err(`${options.outdir} is not what ${options.environments} says: run oscar-cdk8s synth, and commit what it writes`);
  return 2;
}

const described = ({ file, problem }: FileDifference) => `${file}: ${problem}`;

function foreignFileWarning({ folder }: Synthesis, file: string): string {
  const applied = /\.(ya?ml|json)$/.test(file) ? ', and kubectl will apply it with the folder' : '';
  return `warning: ${join(folder, file)} was not written by oscar-cdk8s: it stays${applied}`;
}
