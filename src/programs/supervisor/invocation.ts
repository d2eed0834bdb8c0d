import type { Readable } from 'node:stream';
import type { Definition } from './definition';

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
  /** Of an HTTP request. */
  readonly contentType?: string;
}

/** What an invocation left, until it is disposed of. */
export interface Outcome {
  /** 8 hex digits, on every line of its log. */
  readonly id: string;
  /** The body was the data itself: the reply holds the files. Otherwise an event's results are in the storage. */
  readonly replyWithFiles: boolean;
  /** `TMP_OUTPUT_DIR`'s files: relative names and where they are; sorted; links out of it left out. */
  readonly files: readonly OutputFile[];
  /** The log with the script's output; at level CRITICAL the script's output alone. Bounded. */
  readonly transcript: string;
  /** Removes the invocation's folder. */
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
  /** Aborted when the client goes away or the pod ends: kills the script's process group. */
  readonly signal: AbortSignal;
  /** In milliseconds, for the script; without it there is no limit. */
  readonly timeoutMs?: number;
  /** Told when a step ends well. @default nobody is told */
  readonly onStep?: (step: Step, seconds: number, bytes: number) => void;
}

export type Step = 'stage_in' | 'script' | 'stage_out';
