import { Lazy } from 'cdk8s';

/** A value that is made at synthesis, when every service is known. cdk8s takes it wherever the value itself fits. */
export function lazy<T>(produce: () => T): T {
  return Lazy.any({ produce }) as unknown as T;
}
