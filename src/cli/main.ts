#!/usr/bin/env node
import { CommanderError } from 'commander';
import type { LocatedFinding } from '../environment';
import { createProgram, NAME, parse } from './program';
import { ExitCode, processTerminal, Terminal } from './terminal';

/** Runs what is asked for by `args` (without `node` and the script), and returns the exit code. Never throws. */
export async function main(args: readonly string[], terminal: Terminal): Promise<ExitCode> {
  let code: ExitCode = 0;
  const program = createProgram(terminal, (end) => (code = end));
  try {
    await parse(program, args);
    return code;
  } catch (error) {
    // Commander ends by an error where it only showed what was asked for.
    if (error instanceof CommanderError && error.exitCode === 0) return 0;
    if (error instanceof CommanderError && error.code === 'commander.help') return 1;
    const names = program.commands.map((command) => command.name());
    const message = messageOf(error, names, helpOf(args[0], names));
    if (args.includes('--json'))
      terminal.out(JSON.stringify({ error: { message, findings: findingsOf(error) } }, null, 2));
    else terminal.err(message);
    return 1;
  }
}

/**
 * Findings stand as they are; what says nothing of the input gets the command's name. Never a stack trace. Errors are
 * known by name, as the bundle has classes of its own.
 */
function messageOf(error: unknown, commands: readonly string[], help: string): string {
  if (!(error instanceof Error)) return `${NAME}: ${String(error)}`;
  if (error.name === 'EnvironmentError') return error.message;
  if (error instanceof CommanderError) return `${NAME}: ${wrongUse(error, commands)}\n${help}`;
  return `${NAME}: ${error.message}${error.name === 'UsageError' ? `\n${help}` : ''}`;
}

/** Commander's own words, and what is known. */
function wrongUse({ code, message }: CommanderError, commands: readonly string[]): string {
  const said = message.replace(/^error: /, '').replace(/\n\((.*)\)$/, ' ($1)');
  return code === 'commander.unknownCommand' ? `${said}. Commands: ${commands.join(', ')}` : said;
}

function helpOf(command: string | undefined, commands: readonly string[]): string {
  const known = command !== undefined && commands.includes(command) ? `${command} ` : '';
  return `Try: ${NAME} ${known}--help`;
}

const findingsOf = (error: unknown): readonly LocatedFinding[] =>
  (error as { findings?: readonly LocatedFinding[] } | null)?.findings ?? [];

if (require.main === module) {
  void main(process.argv.slice(2), processTerminal()).then((code) => (process.exitCode = code));
}
