import type { DeclarationError } from '../constructs/errors';
import type { FileServiceProps } from '../constructs/file-service';
import type { IPlatform } from '../constructs/platform-reference';
import type { PlatformProps } from '../constructs/platform';
import type { KubernetesVersion } from '../constructs/kubernetes-version';
import type { LocatedFinding } from './findings';

export * from './findings';

export interface LoadOptions {
  /** Warnings are errors. @default false */
  readonly strict?: boolean;
}

/** A valid environment. */
export interface LoadedEnvironment {
  readonly name: string;
  readonly version: string;
  /** As it was given to `loadEnvironment`. */
  readonly file: string;
  readonly kubernetesVersion: KubernetesVersion;
  readonly warnings: readonly LocatedFinding[];
  /** In the order in which they were written. */
  readonly serviceNames: readonly string[];
  platformProps(): PlatformProps;
  /** Made anew at each call, so that nothing of it needs to be kept. Throws `DeclarationError`. */
  serviceProps(name: string, platform: IPlatform): FileServiceProps;
  /** Where in the user's files the values stand that a construct refused. */
  locate(error: DeclarationError): LocatedFinding;
}

/** @throws EnvironmentError with all findings */
export function loadEnvironment(_file: string, _options: LoadOptions = {}): LoadedEnvironment {
  throw new Error('to be written');
}
