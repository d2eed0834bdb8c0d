import { BindingRecord, bindingRecord } from '../../../contract';
import { ProgramError } from '../../common/fail';
import { quoted } from '../../supervisor/storage/words';
import { BoundPath } from './bound-paths';
import { Objects } from './objects';

/** Since when a service is bound to a folder, as its record says. */
export interface Bound {
  /** In ms since 1970: uploads from before it are none of the service's, or done with. */
  readonly since: number;
  readonly etag: string;
}

/** Whose record it is. */
type BoundTo = Pick<BoundPath, 'service' | 'path'>;

/** Writing the record anew at each sweep would gain nothing: the records of so much more time are kept. */
const WORTH_MOVING_MS = 15 * 60_000;

/** Records that say since when services are bound. The provisioner makes and removes them; the sweep moves them on. */
export class BindingRecords {
  constructor(
    private readonly objects: Objects,
    private readonly bucket: string,
  ) {}

  /**
   * @returns nothing when there is no record: the service is not bound (yet)
   * @throws ProgramError when the record can't be understood; StoreError
   */
  async read(path: BoundTo): Promise<Bound | undefined> {
    const key = bindingRecord(path.service, path.path);
    const found = await this.objects.get(this.bucket, key);
    return found && { since: sinceOf(found.text, path, `${this.bucket}/${key}`), etag: found.etag };
  }

  /**
   * Says that whatever was uploaded before `since` is done with. Never back; and not when the record was changed or
   * removed since it was read: another sweep has moved it, or the provisioner has bound the service anew.
   */
  async moveOn({ service, path }: BoundTo, { since: old, etag }: Bound, since: number): Promise<void> {
    if (since - old < WORTH_MOVING_MS) return;
    const record: BindingRecord = { service, path, since: new Date(since).toISOString() };
    await this.objects.replace(this.bucket, bindingRecord(service, path), JSON.stringify(record), etag);
  }
}

function sinceOf(text: string, { service, path }: BoundTo, at: string): number {
  const record = parsed(text);
  const since = typeof record?.since === 'string' ? Date.parse(record.since) : NaN;
  if (record?.service === service && record.path === path && !Number.isNaN(since)) return since;
  const fix =
    'Fix: delete it, and run the provisioner again: the service is bound anew, to what is uploaded from then on';
  throw new ProgramError(
    `${at}: no record of the service ${quoted(service)} being bound to ${quoted(path)}: ${quoted(text)}. ` +
      `Allowed: JSON of service, path and since (ISO 8601). ${fix}`,
  );
}

function parsed(text: string): Partial<Record<keyof BindingRecord, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}
