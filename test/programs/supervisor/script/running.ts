import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { LogLevel } from '../../../../src/contract';
import { InvocationError } from '../../../../src/programs/supervisor/failure';
import { Log } from '../../../../src/programs/supervisor/log';
import { runScript, ScriptRun } from '../../../../src/programs/supervisor/script/run-script';
import { Transcript } from '../../../../src/programs/supervisor/transcript';
import type { temporaryFolder } from '../temporary';

export interface Ran {
  readonly failure?: InvocationError;
  /** The script's lines in the log. */
  readonly lines: string[];
  readonly log: string;
  readonly transcript: Buffer;
}

/** Runs a script in a test's folder. */
export async function running(
  folder: ReturnType<typeof temporaryFolder>,
  script: string | Buffer,
  options: Partial<ScriptRun> & { level?: LogLevel } = {},
): Promise<Ran> {
  const { level = 'INFO', ...rest } = options;
  const file = folder.write('script.sh', script);
  let log = '';
  const transcript = new Transcript(join(folder.path, 'transcript'));
  const failure = await runScript({
    script: file,
    env: process.env,
    log: new Log('00000000', level, (text) => (log += text)),
    transcript,
    signal: new AbortController().signal,
    ...rest,
  }).then(
    () => undefined,
    (error: InvocationError) => error,
  );
  transcript.close();
  const lines = [...log.matchAll(/ - script - INFO - \[00000000\] (.*)\n/g)].map(([, line]) => line);
  return { failure, lines, log, transcript: readFileSync(transcript.file) };
}
