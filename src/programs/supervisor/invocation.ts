import { randomBytes } from 'node:crypto';
import { open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { addAbortSignal, Readable } from 'node:stream';
import { SCRIPT_KEY } from '../../contract';
import { Deadline } from './deadline';
import type { Definition } from './definition';
import { cancellation, failureOf, InvocationError, placeOf, throwIfCancelled } from './failure';
import type { EventInput, EventObject, FileInput, Input } from './input/input';
import { ObjectPlace, providerOf } from './input/provider';
import { receive } from './input/receive';
import { Log } from './log';
import { scriptEnvironment, ScriptFacts } from './script/environment';
import { pipes, runScript } from './script/run-script';
import { findInterpreter } from './script/shebang';
import { listOutput } from './staging/output-files';
import { Providers } from './staging/providers';
import { amount, clock, Stage } from './staging/stage';
import { fetchObject, stageIn } from './staging/stage-in';
import { stageOut } from './staging/stage-out';
import { removeTree } from './remove-tree';
import { Transcript } from './transcript';
import { RunFolders, WorkFolder } from './work-folder';

/** Where things are in the container; tests have places of their own. */
export interface Places {
  /** `CONFIG_DIR`: script and definition. */
  readonly config: string;
  /** `PROVIDERS_DIR`. */
  readonly providers: string;
  /** Folder for the folders of invocations. */
  readonly work: string;
}

export interface Body {
  readonly content: Readable;
  /** Of an HTTP request, of which a Job may be as well. */
  readonly contentType?: string;
  /** Of an HTTP request. */
  readonly contentEncoding?: string;
}

/** A body that is in the storage. */
export interface StoredBody {
  readonly object: ObjectPlace;
  readonly contentType?: string;
}

/** What an invocation left, until it is disposed of. */
export interface Outcome {
  /** 8 hex digits, on every line of its log. */
  readonly id: string;
  /** The body was the data itself: the reply holds the files. Otherwise an event's results are in the storage. */
  readonly replyWithFiles: boolean;
  /** `TMP_OUTPUT_DIR`'s files, sorted by name; none where the reply doesn't hold them. */
  readonly files: readonly OutputFile[];
  /** File with the log and the script's output; at level CRITICAL the script's output alone. Bounded. */
  readonly transcript: string;
  /** Removes the invocation's folder. Never fails: what can't be removed is logged. */
  dispose(): Promise<void>;
}

export interface OutputFile {
  /** Relative to the output folder, with `/`. */
  readonly name: string;
  readonly path: string;
  readonly bytes: number;
}

/** How one invocation is run: stage in, script, stage out. Serving and run-once both call it. */
export interface InvokeOptions {
  readonly definition: Definition;
  readonly places: Places;
  /**
   * Aborted when the client goes away or the pod ends: kills the script's process group. An InvocationError as its
   * reason is what the invocation then fails with.
   */
  readonly signal: AbortSignal;
  /** In milliseconds, for all of it: body, staging, script. Without it there is no limit. */
  readonly timeoutMs?: number;
  /** How often a storage that is busy or away is asked. @default 6, which takes some seconds */
  readonly storageTries?: number;
  /** `<provider>/<bucket>/<key>` of what is left once an event is processed well: it needs no other run. @default nothing */
  readonly record?: string;
  /** Told when a step ends well. @default nobody is told */
  readonly onStep?: (step: Step, seconds: number, bytes: number) => void;
}

export type Step = 'stage_in' | 'script' | 'stage_out';

/**
 * Runs one invocation: receives the body and, for the data itself or for each object of an event in turn, stages in,
 * runs the script and stages out. An object that fails doesn't stop the others, nor does a record that is broken.
 * @throws InvocationError with the invocation's id and the script's last lines, once it is logged and the folder gone.
 *   Of several that failed it is the first one's. What takes too long fails as `script`, with code 124.
 */
export async function invoke(body: Body | StoredBody, options: InvokeOptions): Promise<Outcome> {
  const log = new Log(randomBytes(4).toString('hex'), options.definition.logLevel);
  const elapsed = clock();
  const deadline = new Deadline(options.signal, options.timeoutMs);
  const { signal } = deadline;
  let folder: WorkFolder | undefined;
  try {
    pipes.prepare();
    folder = new WorkFolder(options.places.work);
    const { path, transcript } = folder;
    const results = await new Invocation({ ...options, signal }, folder, log).run(body);
    log.info(`done in ${elapsed().toFixed(3)} s`);
    return { ...results, id: log.id, transcript, dispose: () => remove(path, log) };
  } catch (error) {
    const failure = failureIn(error, signal);
    failure.invocation = log.id;
    log.error(failure.message);
    const place = placeOf(failure);
    if (place) log.error(place);
    if (folder) await remove(folder.path, log);
    throw failure;
  } finally {
    deadline.clear();
    log.transcript?.close();
  }
}

/** What goes wrong once an invocation is to end is a consequence of that. */
function failureIn(error: unknown, signal: AbortSignal): InvocationError {
  const failure = failureOf(error);
  if (!signal.aborted) return failure;
  const cancelled = cancellation(signal);
  cancelled.lastLines = failure.lastLines;
  return cancelled;
}

/** What can't be removed is no failure: the results are there. */
async function remove(folder: string, log: Log): Promise<void> {
  await removeTree(folder).catch(({ message }: Error) => log.warning(`files are left behind: ${message}`));
}

type Results = Pick<Outcome, 'replyWithFiles' | 'files'>;
type Facts = Omit<ScriptFacts, 'inputFolder' | 'outputFolder'>;

/** More would only bury the rest of the log. */
const MOST_LEFT_OUT_TOLD = 20;

class Invocation {
  private readonly script: string;
  private readonly transcript: Transcript;
  private readonly providers: Providers;
  private readonly stage: Stage;

  constructor(
    private readonly options: InvokeOptions,
    private readonly folder: WorkFolder,
    private readonly log: Log,
  ) {
    const { definition, places, signal, storageTries } = options;
    this.script = join(places.config, SCRIPT_KEY);
    this.transcript = log.transcript = new Transcript(folder.transcript);
    this.providers = new Providers(definition, places.providers);
    this.stage = { definition, providers: this.providers, log, signal, storageTries };
  }

  async run(body: Body | StoredBody): Promise<Results> {
    const { providers } = this;
    try {
      // Before anything else: nobody works for an hour to learn that the results have nowhere to go.
      findInterpreter(this.script);
      for (const output of this.options.definition.output) providers.check(output.storage_provider);
      const folders = this.folder.run(1);
      const elapsed = clock();
      const input = await this.receive(body, folders.input);
      return input.kind === 'file' ? await this.data(input, folders, elapsed()) : await this.event(input, folders);
    } finally {
      providers.close();
    }
  }

  private receive(body: Body | StoredBody, folder: string): Promise<Input> {
    if ('object' in body) return this.fetchBody(body, folder);
    const { signal } = this.stage;
    throwIfCancelled(signal);
    // One that is ended when nobody reads it any more has nobody to tell.
    addAbortSignal(signal, body.content).on('error', () => undefined);
    return receive(body, folder);
  }

  /** It is fetched as a whole before it is read: a transfer that breaks goes on where it broke. */
  private async fetchBody({ object, contentType }: StoredBody, folder: string): Promise<Input> {
    const { body } = this.folder;
    await fetchObject('the body', object, body, this.stage);
    const content = (await open(body)).createReadStream();
    await rm(body); // it goes once it is read
    try {
      return await this.receive({ content, contentType }, folder);
    } finally {
      content.destroy();
    }
  }

  private async data({ path, bytes, variables }: FileInput, folders: RunFolders, seconds: number): Promise<Results> {
    this.log.info(`the input is the body itself: ${amount(bytes, seconds)}`);
    this.options.onStep?.('stage_in', seconds, bytes);
    return { replyWithFiles: true, files: await this.process(folders, { inputFile: path, variables }) };
  }

  private async event(input: EventInput, first: RunFolders): Promise<Results> {
    const { objects, skipped, broken, variables } = input;
    const { definition, signal } = this.options;
    for (const reason of skipped) this.log.info(`skipped: ${reason}`);
    for (const { message } of broken) this.log.error(message);
    if (objects.length + broken.length === 0)
      this.log.warning('the event has nothing to process: the script is not run');
    const fetched = definition.fileStageIn ? [] : objects;
    for (const object of fetched) this.providers.check(providerOf(object, definition).provider);
    const failures = [...broken];
    for (const [index, object] of objects.entries()) {
      throwIfCancelled(signal);
      const folders = index === 0 ? first : this.folder.run(index + 1);
      const which = `object ${index + 1} of ${objects.length}, "${object.path}"`;
      this.log.info(which);
      try {
        await this.object(object, folders, variables);
      } catch (error) {
        if (signal.aborted) throw error;
        failures.push(failureOf(error));
        if (objects.length > 1) this.log.error(`${which}: ${failureOf(error).message}`);
      }
      for (const folder of [folders.input, folders.output]) await remove(folder, this.log);
    }
    if (failures.length > 0) throw firstOf(failures, objects.length + broken.length);
    if (this.options.record) await this.leaveRecord(this.options.record);
    return { replyWithFiles: false, files: [] };
  }

  /** Loaded for Jobs only. */
  private async leaveRecord(record: string): Promise<void> {
    const { leaveRecord } = await import('./staging/leave-record');
    await leaveRecord(record, this.folder.record, this.stage);
  }

  private async object(object: EventObject, folders: RunFolders, variables: Facts['variables']): Promise<void> {
    if (this.stage.definition.fileStageIn) {
      this.log.info('it is not fetched: file_stage_in is true');
      await this.process(folders, { object, variables });
      return;
    }
    const elapsed = clock();
    const { path, bytes } = await stageIn(object, folders.input, this.stage);
    this.options.onStep?.('stage_in', elapsed(), bytes);
    await this.process(folders, { object, variables, inputFile: path });
  }

  /** Runs the script and stores what it left. */
  private async process({ input, output }: RunFolders, facts: Facts): Promise<readonly OutputFile[]> {
    const { script, log, transcript } = this;
    const { signal, onStep } = this.options;
    const env = scriptEnvironment({ ...facts, inputFolder: input, outputFolder: output }, log);
    const running = clock();
    await runScript({ script, env, log, transcript, signal });
    log.info(`the script ended well after ${running().toFixed(3)} s`);
    onStep?.('script', running(), 0);

    const storing = clock();
    const { files, leftOut } = await listOutput(output);
    for (const what of leftOut.slice(0, MOST_LEFT_OUT_TOLD)) log.warning(`left out: ${what}`);
    const more = leftOut.length - MOST_LEFT_OUT_TOLD;
    if (more > 0) log.warning(`left out: ${more} more`);
    const bytes = await stageOut(files, this.stage, facts.object);
    onStep?.('stage_out', storing(), bytes);
    return files;
  }
}

function firstOf(failures: readonly InvocationError[], objects: number): InvocationError {
  const [first] = failures;
  if (objects === 1) return first;
  const message = `${failures.length} of ${objects} objects failed, the first: ${first.message}`;
  const failure = new InvocationError(first.kind, message, first.exitCode);
  failure.lastLines = first.lastLines;
  failure.cause = first.cause;
  return failure;
}
