import type { LogLevel, StorageOutput } from '../../contract';

/** What the supervisor reads of a service's definition: ours, or one that upstream wrote, with its defaults filled in. */
export interface Definition {
  readonly name: string;
  readonly logLevel: LogLevel;
  /** True: nothing is downloaded (upstream's odd name). */
  readonly fileStageIn: boolean;
  readonly isolationLevel: 'service' | 'user';
  readonly input: readonly StorageOutput[];
  readonly output: readonly StorageOutput[];
  /** `storage_providers` as it stands, by type and id: the public half, and with upstream's services the secret half too. */
  readonly providers: Readonly<Record<string, Readonly<Record<string, Readonly<Record<string, unknown>>>>>>;
  /** A script that runs longer is ended, in seconds. Warm pods only: a Job has Kubernetes' own deadline. */
  readonly timeoutSeconds: number;
  readonly maxInflight: number;
}
