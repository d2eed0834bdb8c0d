import type { StorageType } from '../../../contract';
import type { InvocationError } from '../failure';

/** What a body turned out to be. */
export type Input = FileInput | EventInput;

/** The invocation's data itself: it lies in the input folder. */
export interface FileInput {
  readonly kind: 'file';
  readonly path: string;
  readonly bytes: number;
  /** For the script: an API Gateway's query parameters, as `CONT_VAR_<name>`. */
  readonly variables: Readonly<Record<string, string>>;
}

/** Objects somewhere else that are to be fetched: one run of the script each. */
export interface EventInput {
  readonly kind: 'event';
  readonly objects: readonly EventObject[];
  /**
   * Records that are nothing to process (folder markers, deletions, tagging, unknown events), and why: for the log. At
   * most 20 sentences, and one that tells how many more.
   */
  readonly skipped: readonly string[];
  /** Why records can't be used that stand beside `objects`: at most 20 errors, and one that tells how many more. */
  readonly broken: readonly InvocationError[];
  readonly variables: Readonly<Record<string, string>>;
}

export interface EventObject {
  readonly type: StorageType;
  /** Id of the provider, where a wrapper names it. */
  readonly providerId?: string;
  /** Decoded. minio, s3: `bucket/key`; onedata: `space/path`; webdav: path on the server, or a bare name (`inFolder`). */
  readonly path: string;
  /** dCache's inotify events tell a name only: it is in the folder of the input. */
  readonly inFolder?: boolean;
  /** For `STORAGE_OBJECT_KEY`, as upstream has it: the decoded key; Onedata's `Key`; the path on a WebDAV server. */
  readonly key: string;
  /** Name of the file in the input folder: the key's last part. Never empty, `.`, `..`, with a slash or a NUL. */
  readonly name: string;
  /** For `EVENT_TIME`; empty when the event has none. */
  readonly time: string;
  /** For `EVENT`: the event as JSON, unwrapped, with this record only. */
  readonly event: string;
}
