import { log } from './log';

/** Something that the platform's declaration or the cluster has to put right: told in a sentence, without a stack trace. */
export class ProgramError extends Error {
  override readonly name = 'ProgramError';
}

/** Runs a program's main function. Its number is the exit code; what it throws is logged, and the exit code is 1. */
export async function run(main: () => Promise<number | void> | number | void): Promise<void> {
  try {
    process.exitCode = (await main()) ?? 0;
  } catch (error) {
    // The stack tells a defect's place; a ProgramError is nobody's defect.
    const expected = error instanceof ProgramError;
    const text = expected ? error.message : error instanceof Error ? (error.stack ?? error.message) : String(error);
    log('error', text);
    process.exitCode = 1;
  }
}
