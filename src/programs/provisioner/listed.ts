import { Component, selectorLabels } from '../../contract';
import { ProgramError } from '../common/fail';
import { KubernetesAnswer } from '../common/kubernetes';
import { patiently, reason, Wait } from '../common/patience';

/** What is needed of the API server to look for objects and to delete them. */
export interface KubernetesObjects {
  call(method: 'GET' | 'DELETE', path: string, body?: unknown): Promise<KubernetesAnswer>;
}

export interface Listing {
  /** For the message of an error. @example "the store's pods" */
  readonly what: string;
  /** @example '/api/v1/namespaces/oscar/pods' */
  readonly path: string;
  /** Part of the platform that they are of. */
  readonly component: Component;
  readonly platform: string;
}

/** @throws ProgramError when the server refuses or stays away */
export async function listed<T>(
  { what, path, component, platform }: Listing,
  kubernetes: KubernetesObjects,
  wait?: Wait,
): Promise<readonly T[]> {
  const selector = Object.entries(selectorLabels(component, platform)).map((label) => label.join('='));
  const query = `${path}?labelSelector=${encodeURIComponent(selector.join(','))}`;
  const answer = await patiently(() => kubernetes.call('GET', query), wait);
  if (answer.status !== 200) throw new ProgramError(`${what} can't be listed: ${reason(answer)}`);
  return (answer.body as { items: readonly T[] }).items;
}
