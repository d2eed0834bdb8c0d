import { Answer, Call, isPassing, KubernetesApi, KubernetesUnreachable, reasonOf } from '../kubernetes/api';

/**
 * An object or a list.
 * @returns nothing where there is none
 * @throws KubernetesUnreachable
 */
export async function read<T>(
  api: Pick<KubernetesApi, 'call'>,
  path: string,
  query?: Call['query'],
): Promise<T | undefined> {
  const answer = await api.call('GET', path, { query });
  if (answer.status === 404) return undefined;
  if (answer.status === 200) return answer.body as T;
  throw refusalOf(answer, `GET ${path}`);
}

/** Why Kubernetes didn't do what it was asked: its own trouble passes, all else is a defect or a right that is missing. */
export function refusalOf(answer: Answer, what: string): Error {
  const message = `Kubernetes refused ${what}: ${reasonOf(answer)}`;
  return isPassing(answer.status) ? new KubernetesUnreachable(message) : new Error(message);
}
