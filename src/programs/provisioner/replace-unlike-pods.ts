import { setTimeout as sleep } from 'node:timers/promises';
import { ALIKE_ANNOTATION, StorePods } from '../../contract';
import { ProgramError } from '../common/fail';
import { patiently, reason, Wait } from '../common/patience';
import { KubernetesObjects, listed } from './listed';
import { OwnJob } from './older-jobs';
import { Report } from './report';

export interface ReplaceOptions {
  readonly platform: string;
  readonly own: OwnJob;
  readonly kubernetes: KubernetesObjects;
  readonly report: Report;
  readonly wait?: Wait;
}

interface Annotated {
  readonly annotations?: Readonly<Record<string, string>>;
}

interface StatefulSet {
  readonly metadata: { readonly generation: number };
  readonly spec: { readonly template: { readonly metadata: Annotated } };
  readonly status?: { readonly observedGeneration?: number };
}

interface Pod {
  readonly metadata: Annotated & { readonly name: string; readonly uid: string; readonly deletionTimestamp?: string };
}

/** Manifests of one apply come one after the other, and Argo CD has an order of its own: five minutes. */
const LOOKS = 300;
const LOOK_MS = 1000;

/**
 * Ends all pods of the store at once that are unlike those which are declared: of another image or other settings. A pod of MinIO serves no earlier than half of the others are like it (its cmd/bootstrap-peer-server.go), so
 * that the StatefulSet, which replaces one and waits for it, would wait for ever; MinIO's own advice is to restart all
 * together. Uploads are refused until they are there again, which takes seconds. Those that are alike are left to the
 * StatefulSet, which replaces them one by one.
 * @throws ProgramError when the StatefulSet does not become as it is declared, or the server refuses
 */
export async function replaceUnlikePods(declared: StorePods, options: ReplaceOptions): Promise<void> {
  const { platform, own, kubernetes, report, wait } = options;
  await isDeclared(declared, options);
  const isOwn = ({ metadata }: Pod) => declared.names.includes(metadata.name);
  const isUnlike = ({ metadata }: Pod) => metadata.annotations?.[ALIKE_ANNOTATION] !== declared.alike;
  const path = podsPath(own.namespace);
  const pods = await listed<Pod>({ what: "the store's pods", path, component: 'minio', platform }, kubernetes, wait);
  const unlike = pods.filter((pod) => isOwn(pod) && isUnlike(pod) && pod.metadata.deletionTimestamp === undefined);
  if (unlike.length === 0) return;
  await Promise.all(unlike.map((pod) => end(pod, own.namespace, options)));
  const names = unlike.map(({ metadata }) => metadata.name).sort();
  report.changed(`pods of the store: ${names.join(', ')} are replaced together, as they are unlike the declared ones`);
}

/** Until its controller makes pods as they are declared. */
async function isDeclared({ statefulSet, alike }: StorePods, options: ReplaceOptions): Promise<void> {
  const { own, kubernetes, wait = sleep } = options;
  const path = `/apis/apps/v1/namespaces/${encodeURIComponent(own.namespace)}/statefulsets/${statefulSet}`;
  for (let looks = 1; ; looks++) {
    const answer = await patiently(() => kubernetes.call('GET', path), wait);
    if (answer.status !== 200 && answer.status !== 404)
      throw new ProgramError(`the StatefulSet ${statefulSet} can't be read: ${reason(answer)}`);
    if (answer.status === 200) {
      const { metadata, spec, status } = answer.body as StatefulSet;
      const isSeen = (status?.observedGeneration ?? 0) >= metadata.generation;
      if (isSeen && spec.template.metadata.annotations?.[ALIKE_ANNOTATION] === alike) return;
    }
    if (looks === LOOKS)
      throw new ProgramError(
        `the StatefulSet ${own.namespace}/${statefulSet} is not as this declaration has it (annotation ` +
          `${ALIKE_ANNOTATION}: ${alike}). Fix: apply the manifests of the environment as a whole`,
      );
    await wait(LOOK_MS);
  }
}

/** Not the one that came in its place meanwhile. */
async function end(
  { metadata: { name, uid } }: Pod,
  namespace: string,
  { kubernetes, wait }: ReplaceOptions,
): Promise<void> {
  const path = `${podsPath(namespace)}/${encodeURIComponent(name)}`;
  const body = { apiVersion: 'v1', kind: 'DeleteOptions', preconditions: { uid } };
  const answer = await patiently(() => kubernetes.call('DELETE', path, body), wait);
  const isGone = [200, 202, 404, 409].includes(answer.status);
  if (!isGone) throw new ProgramError(`the store's pod ${name} can't be deleted: ${reason(answer)}`);
}

const podsPath = (namespace: string) => `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods`;
