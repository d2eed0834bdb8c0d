import { Command, Option } from 'commander';
import { packageVersion } from '../synth/version';
import { bundledCommands } from './bundle';
import type * as Commands from './commands';
import { ENVIRONMENTS_FOLDER, environmentsFolder, folder, json, strict } from './options';
import type { ExitCode, Terminal } from './terminal';

export const NAME = 'oscar-cdk8s';

const ENVIRONMENTS = 'names of environments; none: all of the folder';
const COMPLETION = ['completion', 'complete'];
const AFTER_HELP = `
Exit codes:
  0  all is well
  1  wrong use, or a failure: stderr says what to do, and nothing was left half done
  2  what was looked for was found: differences, findings

Completion by Tab, of commands, options and environments:
  source <(${NAME} completion bash)    also zsh, fish, powershell`;

/** Commands and what they need: loaded when one runs, as cdk8s and the types of Kubernetes' objects take most of the start. */
const commands = async (): Promise<typeof Commands> => bundledCommands() ?? (await import('./commands'));

/** Runs what `args` ask for. @throws CommanderError, also where help was shown; and what the command throws */
export async function parse(program: Command, args: readonly string[]): Promise<void> {
  if (COMPLETION.includes(args[0])) await (await commands()).addCompletion(program, folderIn(args));
  await program.parseAsync([...args], { from: 'user' });
}

/** Of a line that is not complete yet. */
function folderIn(words: readonly string[]): string {
  const option = words.indexOf('--environments');
  return (option < 0 ? undefined : words[option + 1]) || ENVIRONMENTS_FOLDER;
}

/** What can be typed. Each command runs one function of `commands`, and `end` is told its exit code. */
export function createProgram(terminal: Terminal, end: (code: ExitCode) => void): Command {
  const program = new Command(NAME)
    .description('OSCAR on Kubernetes, declared: environments in, manifests of the whole platform out.')
    .version(packageVersion(), '--version', `version of ${NAME}`)
    .helpOption('-h, --help', 'what a command does, and how it is used')
    .helpCommand(false)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => terminal.out(text.trimEnd()),
      writeErr: (text) => terminal.err(text.trimEnd()),
      // What was wrong is thrown as well, and said with the rest.
      outputError: () => {},
      getOutHelpWidth: () => terminal.columns,
      getErrHelpWidth: () => terminal.columns,
    })
    .addHelpText('after', AFTER_HELP);

  program
    .command('synth')
    .summary("write environments' manifests to dist/<environment>/")
    .description('Writes the manifests of each environment to dist/<environment>/.')
    .argument('[environment...]', ENVIRONMENTS)
    .addOption(folder('--outdir <folder>', 'where to write (CDK8S_OUTDIR)', process.env.CDK8S_OUTDIR || 'dist'))
    .addOption(environmentsFolder())
    .addOption(strict())
    .addOption(new Option('--check', 'write nothing: exit with 2 where the folder is not what the environments say'))
    .addOption(new Option('--watch', 'write again whenever a file changes').conflicts('check'))
    .addOption(json().conflicts('watch'))
    .addHelpText('after', examples('synth', 'synth production --strict', 'synth --check', 'synth dev --watch'))
    .addHelpText('after', '\nApply what is written: kubectl apply --server-side -f dist/<environment>')
    .action(async (names, options) => end(await (await commands()).synth(names, options, terminal)));

  return program;
}

const examples = (...lines: string[]) => `\nExamples:\n${lines.map((line) => `  ${NAME} ${line}`).join('\n')}`;
