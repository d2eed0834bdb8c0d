import { Declaration } from '../../../contract';
import { quoted } from '../../supervisor/storage/words';
import { Report } from '../report';
import { policyDocuments } from './policy';

/** Users of an external store: who makes them reads here what they need, and never a secret. */
export function tellUsers({ users }: Declaration, report: Report): void {
  for (const user of users) {
    const at = `${user.secret.namespace}/${user.secret.name}`;
    const policies = policyDocuments(user).map((document) => JSON.stringify(document));
    const these = policies.length === 1 ? 'this policy' : `these ${policies.length} policies`;
    report.byHand(
      `user ${quoted(user.name)}: make it in the store, with ${these} and no other; its keys go into the Secret ` +
        `"${at}", as "accessKey" and "secretKey": ${policies.join(' ')}`,
    );
  }
}

/** Quotas are no part of the S3 API. */
export function tellQuotas({ buckets }: Declaration, report: Report): void {
  for (const { name, quota } of buckets) {
    if (quota !== undefined) report.byHand(`bucket ${quoted(name)}: let it hold ${quota} at most`);
  }
}
