import { parseArgs } from 'node:util';
import { nearest } from '../environment/suggest';

/** Wrong use of the command: the message says what is wrong and what to do. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

export interface SynthArguments {
  readonly command: 'synth';
  /** Names of environments; none: all. */
  readonly environments: readonly string[];
  readonly outdir: string;
  /** Folder of the environments' files. */
  readonly folder: string;
  readonly strict: boolean;
}
export type Arguments = SynthArguments | { readonly command: 'help' } | { readonly command: 'version' };

const OPTIONS = {
  outdir: { type: 'string' },
  environments: { type: 'string' },
  strict: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
  version: { type: 'boolean' },
} as const;
const COMMANDS = ['synth'];

/**
 * What is asked for by `args` (without `node` and the script). `CDK8S_OUTDIR`, which `cdk8s synth` sets, stands in for
 * `--outdir`. Throws `UsageError`.
 */
export function parseArguments(args: readonly string[], env: NodeJS.ProcessEnv = process.env): Arguments {
  const { values, positionals, tokens } = parseArgs({
    args: [...args],
    options: OPTIONS,
    allowPositionals: true,
    strict: false,
    tokens: true,
  });
  for (const token of tokens) if (token.kind === 'option') checkOption(token);
  if (values.help) return { command: 'help' };
  if (values.version) return { command: 'version' };
  const [command, ...environments] = positionals;
  if (command === undefined) throw new UsageError('no command given; try: oscar-cdk8s synth');
  if (!COMMANDS.includes(command)) throw unknown('command', command, COMMANDS);
  return {
    command: 'synth',
    environments,
    outdir: (values.outdir as string) ?? (env.CDK8S_OUTDIR || 'dist'),
    folder: (values.environments as string) ?? 'environments',
    strict: values.strict === true,
  };
}

interface OptionToken {
  readonly name: string;
  /** As it was typed. */
  readonly rawName: string;
  readonly value?: string;
  readonly inlineValue?: boolean;
}

/** parseArgs' own errors don't say what was meant. */
function checkOption({ name, rawName, value, inlineValue }: OptionToken): void {
  const option = Object.entries(OPTIONS).find(([known]) => known === name)?.[1];
  if (!option) {
    const known = Object.keys(OPTIONS).map((each) => `--${each}`);
    throw unknown('option', rawName, known);
  }
  const looksLikeOption = inlineValue === false && value?.startsWith('-');
  if (option.type === 'string' && (!value || looksLikeOption))
    throw new UsageError(`${rawName} needs a value, as in ${rawName}=folder`);
  if (option.type === 'boolean' && value !== undefined) throw new UsageError(`${rawName} takes no value`);
}

/** `unknown KIND "given", did you mean "…"?`, with all that is known. */
export function unknown(kind: string, given: string, known: readonly string[]): UsageError {
  const close = nearest(given, known);
  const hint = close === undefined ? '' : `, did you mean "${close}"?`;
  return new UsageError(`unknown ${kind} "${given}"${hint || '.'} Known: ${known.join(', ') || 'none'}`);
}
