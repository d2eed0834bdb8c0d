// The package's own types are found by newer resolution of modules only.
declare module '@bomb.sh/tab/commander' {
  import type { Command } from 'commander';
  interface Argument {
    handler?: (complete: (value: string, description: string) => void) => void;
  }
  interface Completions {
    readonly commands: ReadonlyMap<string, { readonly arguments: ReadonlyMap<string, Argument> }>;
  }
  export default function tab(program: Command, options: { completionCommandName: string }): Completions;
}
