import tab from '@bomb.sh/tab/commander';
import type { Command } from 'commander';
import { environmentFiles } from '../environments';

/**
 * Adds `completion SHELL`, which prints what a shell has to read once, and the hidden `complete`, which that then asks at
 * each Tab. Names of environments are those of the folder, whatever else can't be read.
 */
export function addCompletion(program: Command, folder: string): void {
  const { commands } = tab(program, { completionCommandName: 'completion' });
  for (const { arguments: known } of commands.values()) {
    const argument = known.get('environment');
    if (argument) argument.handler = (complete) => namesIn(folder).forEach((name) => complete(name, 'environment'));
  }
}

function namesIn(folder: string): string[] {
  try {
    return [...environmentFiles(folder).keys()];
  } catch {
    return [];
  }
}
