import { Declaration } from '../../../contract';
import { ProgramError } from '../../common/fail';
import { Report } from '../report';
import { Store, StoreError } from './store';

/** What each step of the store's set-up has. */
export interface StoreWork {
  readonly declaration: Declaration;
  /** The platform's. */
  readonly namespace: string;
  readonly store: Store;
  readonly report: Report;
}

/** Calls under way at a time. */
const AT_ONCE = 8;

/**
 * Makes one thing true. What fails is reported, and keeps nothing else from being done.
 * @param byHand what somebody does where an external store's API doesn't
 * @returns whether it is true now
 */
export async function attempt(
  { declaration, report }: StoreWork,
  action: () => Promise<void>,
  byHand: (error: StoreError) => string | undefined = () => undefined,
): Promise<boolean> {
  try {
    await action();
    return true;
  } catch (error) {
    // Anything else is a defect, which its stack tells of.
    if (!(error instanceof ProgramError)) throw error;
    const task = declaration.store.external && error instanceof StoreError ? byHand(error) : undefined;
    if (task === undefined) report.failed(error.message);
    else report.byHand(`${task} (${error.message})`);
    return false;
  }
}

/** Refusals of a store that has no such thing, or gives the right to others. */
export const isNotForUs = ({ code, status }: StoreError) => code === 'AccessDenied' || [405, 501].includes(status);

/** All items, a few at a time. @throws the first error, once those under way have ended */
export async function each<T>(items: readonly T[], action: (item: T) => Promise<void>): Promise<void> {
  const left = items.values();
  const worker = async () => {
    for (const item of left) await action(item);
  };
  const ends = await Promise.allSettled(Array.from({ length: AT_ONCE }, worker));
  const broken = ends.find((end) => end.status === 'rejected');
  if (broken) throw broken.reason;
}
