import { BucketDeclaration } from '../../../contract';
import { ProgramError } from '../../common/fail';
import { quantity } from '../../common/quantity';
import { quoted } from '../../supervisor/storage/words';
import { attempt, StoreWork } from '../store/work';
import { tellQuotas } from './by-hand';
import { ALIAS, Mc } from './mc';

/**
 * How much declared buckets may hold. A quota that is not declared is not looked at (that takes a process a bucket): if there is
 * one, somebody set it.
 * @param buckets that are there
 */
export async function convergeQuotas(work: StoreWork, buckets: readonly BucketDeclaration[], mc: Mc): Promise<void> {
  const { declaration, report } = work;
  if (declaration.store.external) return tellQuotas(declaration, report);
  for (const { name, quota } of buckets) {
    if (quota !== undefined) await attempt(work, () => convergeQuota(work, name, quota, mc));
  }
}

async function convergeQuota({ report }: StoreWork, name: string, quota: string, mc: Mc): Promise<void> {
  const at = `bucket ${quoted(name)}: quota`;
  const wanted = bytes(at, quota);
  const [answer] = await mc.run(['quota', 'info', `${ALIAS}/${name}`]);
  const current = Number(answer?.quota ?? 0);
  if (current === wanted) return report.found(`${at} of ${quota}`);
  await mc.run(['quota', 'set', `${ALIAS}/${name}`, '--size', String(wanted)]);
  report.changed(`${at}: ${quota}`);
}

function bytes(at: string, text: string): number {
  const value = Math.ceil(quantity(text));
  if (Number.isSafeInteger(value) && value > 0) return value;
  throw new ProgramError(`${at}: ${quoted(text)} is no amount. Allowed: a Kubernetes quantity above 0, like "10Gi"`);
}
