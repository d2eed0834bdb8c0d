import { ENVIRONMENT_VARIABLE_MAX_BYTES, JOB_VARIABLES, SCRIPT_VARIABLES } from '../../../contract';
import type { EventObject } from '../input/input';
import type { InvocationLog } from '../log';

/** What a script is told of its run. */
export interface ScriptFacts {
  readonly inputFolder: string;
  readonly outputFolder: string;
  /** Without it the file wasn't downloaded. */
  readonly inputFile?: string;
  /** The event's object; none where the body was the data. */
  readonly object?: EventObject;
  /** `CONT_VAR_<name>`. */
  readonly variables: Readonly<Record<string, string>>;
}

/** Where the body is, how it is to be read, and what is to be left at the end: said to the supervisor alone. */
const SUPERVISORS = [JOB_VARIABLES.eventObject, JOB_VARIABLES.eventContentType, JOB_VARIABLES.completionRecord];

/** The container's environment and our variables. Those that Linux can't take are left out, with a warning. */
export function scriptEnvironment(facts: ScriptFacts, log: InvocationLog, base = process.env): NodeJS.ProcessEnv {
  const { object } = facts;
  const ours: Record<(typeof SCRIPT_VARIABLES)[number], string | undefined> = {
    INPUT_FILE_PATH: facts.inputFile,
    TMP_INPUT_DIR: facts.inputFolder,
    TMP_OUTPUT_DIR: facts.outputFolder,
    STORAGE_OBJECT_KEY: object?.key,
    EVENT_TIME: object?.time,
    EVENT: object?.event,
  };
  const env = { ...base };
  // What the container itself has under these names isn't the script's.
  for (const name of [...SCRIPT_VARIABLES, ...SUPERVISORS]) delete env[name];
  for (const [name, value] of Object.entries({ ...facts.variables, ...ours })) {
    if (!value && name in ours) continue; // upstream sets no empty ones
    const problem = misfit(name, value as string);
    if (problem) log.warning(`the variable ${name} is left out: ${problem}`);
    else env[name] = value;
  }
  return env;
}

function misfit(name: string, value: string): string | undefined {
  if (value.includes('\0')) return 'it has a NUL';
  const bytes = Buffer.byteLength(`${name}=${value}`);
  return bytes > ENVIRONMENT_VARIABLE_MAX_BYTES
    ? `it has ${bytes} bytes, and Linux takes ${ENVIRONMENT_VARIABLE_MAX_BYTES}`
    : undefined;
}
