/** Each command is loaded when it runs: none pays for what another one needs. */
import type { Command } from 'commander';
import type { Terminal } from '../terminal';
import type { SynthOptions } from './synth';

export const synth = async (names: readonly string[], options: SynthOptions, terminal: Terminal) =>
  (await import('./synth')).synth(names, options, terminal);

export const addCompletion = async (program: Command, folder: string) =>
  (await import('./completion')).addCompletion(program, folder);
