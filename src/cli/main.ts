#!/usr/bin/env node
import { Arguments, parseArguments } from './arguments';
import { bundledSynth } from './bundle';
import { HELP } from './help';
import type { Output } from './synth-command';

/**
 * Runs the command and returns its exit code: 0 when everything was written, 1 otherwise. Loads only what the command
 * needs, as cdk8s and the types of Kubernetes' objects take most of the start.
 */
export async function main(args: readonly string[], output: Output): Promise<0 | 1> {
  try {
    await run(parseArguments(args), output);
    return 0;
  } catch (error) {
    output.err(messageOf(error));
    return 1;
  }
}

async function run(args: Arguments, output: Output): Promise<void> {
  switch (args.command) {
    case 'help':
      return output.out(HELP.trimEnd());
    case 'version':
      return output.out((await import('../synth/version')).packageVersion());
    case 'synth':
      return (bundledSynth() ?? (await import('./synth-command'))).synthCommand(args, output);
  }
}

/**
 * Findings stand as they are; what says nothing of the input gets the command's name. Never a stack trace. Errors are
 * known by name, as the bundle has classes of its own.
 */
function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return `oscar-cdk8s: ${String(error)}`;
  if (error.name === 'EnvironmentError') return error.message;
  const help = error.name === 'UsageError' ? '\nTry: oscar-cdk8s --help' : '';
  return `oscar-cdk8s: ${error.message}${help}`;
}

if (require.main === module) {
  const output = { out: (line: string) => console.log(line), err: (line: string) => console.error(line) };
  void main(process.argv.slice(2), output).then((code) => (process.exitCode = code));
}
