import { SERVICE_CONTAINER_NAME } from '../../../contract';
import type { Pod } from '../kubernetes/objects';

/** Whether nothing of it runs any longer, nor ever will. */
export const isOver = ({ status }: Pod): boolean => status?.phase === 'Failed' || status?.phase === 'Succeeded';

/**
 * Why a pod failed, where its log can't tell: who was killed says nothing. In plain words, and in brackets Kubernetes' own.
 * @returns nothing where the script or the supervisor failed, and said so
 */
export function whyItFailed(pod: Pod): string | undefined {
  if (pod.status?.phase !== 'Failed') return undefined;
  return [ofPod(pod), ofContainer(pod)].filter(Boolean).join('; ') || undefined;
}

function ofPod({ spec, status: { reason, message } = {} }: Pod): string | undefined {
  if (reason === 'DeadlineExceeded') return `its deadline of ${spec?.activeDeadlineSeconds} s was over (${reason})`;
  return reason && `its node ended it (${reason})${message ? `: ${message.trim()}` : ''}`;
}

function ofContainer({ spec, status = {} }: Pod): string | undefined {
  const own = ({ name }: { name: string }) => name === SERVICE_CONTAINER_NAME;
  const container = spec?.containers?.find(own);
  const { reason, message, startedAt } = status.containerStatuses?.find(own)?.state?.terminated ?? {};
  // Of one that was lost with its pod nobody knows whether it ran; only a deadline is over while an image is waited for.
  if (!startedAt) {
    const isKnown = reason !== 'ContainerStatusUnknown' || status.reason === 'DeadlineExceeded';
    return isKnown ? `its container never started, of the image ${container?.image}` : undefined;
  }
  if (reason === 'OOMKilled') {
    return `it used more memory than its limit of ${container?.resources?.limits?.memory} (${reason})`;
  }
  const isTold = !reason || reason === 'Completed' || reason === 'Error';
  return isTold ? undefined : `its container ended (${reason})${message ? `: ${message}` : ''}`;
}

/** That, as the last line of its log: in the shape of the supervisor's. */
export function lastLine(pod: Pod, withTimestamp: boolean): string | undefined {
  const why = whyItFailed(pod);
  if (!why) return undefined;
  const time = endOf(pod);
  const [date, clock] = [time.slice(0, 10), time.slice(11, 19)];
  return `${withTimestamp ? `${time} ` : ''}${date} ${clock},000 - manager - ERROR - The pod failed: ${why}\n`;
}

/**
 * When its last container ended. Where that is lost with the node, when the pod was last seen to change; each who asks is
 * told the same.
 */
function endOf({ metadata, status: { containerStatuses = [], conditions = [] } = {} }: Pod): string {
  const ends = containerStatuses.map(({ state }) => state?.terminated?.finishedAt ?? '');
  const changes = conditions.map(({ lastTransitionTime }) => lastTransitionTime ?? '');
  return ends.sort().at(-1) || changes.sort().at(-1) || (metadata.creationTimestamp ?? '');
}
