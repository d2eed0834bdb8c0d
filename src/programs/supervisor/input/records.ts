import type { StorageType } from '../../../contract';
import { InvocationError } from '../failure';
import { inotifyEvent, dcacheRecord } from './dcache-event';
import type { EventInput, EventObject } from './input';
import { Json } from './json';
import { oneTriggerRecord } from './onedata-event';
import { FirstFew } from './first-few';
import { refusal, shown } from './refusal';
import { s3Record } from './s3-event';
import type { ProviderName } from './wrapper';

/** What a record tells: an object to fetch, or why there is nothing to do. */
export type Told = Omit<EventObject, 'event' | 'providerId'> | { readonly skipped: () => string };
export type StorageEvent = Pick<EventInput, 'objects' | 'skipped' | 'broken'>;

/** Readers of records, by their `eventSource`. */
const SOURCES: ReadonlyMap<string | undefined, (record: Json, event: Json) => Told> = new Map([
  ['minio:s3', (record: Json) => s3Record(record, 'minio')],
  ['aws:s3', (record: Json) => s3Record(record, 's3')],
  ['OneTrigger', oneTriggerRecord],
  ['dcacheTrigger', dcacheRecord],
]);

/**
 * What a storage's event tells, record by record; undefined for what is no such event. Records that are broken don't
 * keep others from being used.
 * @param provider that a wrapper named
 * @throws InvocationError (`input`) when records are broken and none is left to use.
 */
export function storageEvent(event: Json, provider: ProviderName | undefined): StorageEvent | undefined {
  const reading = new Reading(provider);
  const inotify = inotifyEvent(event);
  const records = event.get('Records');
  if (inotify) {
    const alone = () => event.text;
    reading.take(event.where, () => inotify, alone);
  } else if (records && isEvent(records)) {
    for (const record of records.elements()) {
      const alone = () => event.withReplaced(records, `[${record.text}]`);
      reading.take(record.where, () => read(record, event), alone);
    }
  } else return undefined;
  return reading.result();
}

/** One record of a kind that we know is enough: nothing of an event that is broken elsewhere passes for plain data. */
function isEvent(records: Json): boolean {
  for (const record of records.elements()) if (SOURCES.has(record.get('eventSource')?.string)) return true;
  return false;
}

class Reading {
  private readonly objects: EventObject[] = [];
  private readonly skipped = new FirstFew<string>();
  private readonly broken = new FirstFew<InvocationError>();

  constructor(private readonly provider: ProviderName | undefined) {}

  /** @param alone makes the event with this record only */
  take(where: string, tell: () => Told, alone: () => string): void {
    const { provider } = this;
    try {
      const told = tell();
      if ('skipped' in told) return this.skipped.add(told.skipped);
      checkType(where, told.type, provider);
      this.objects.push({
        ...told,
        ...(provider && { providerId: provider.id }),
        // Made when it is asked for: thousands of records, each with all that stands around them, are not held at once.
        get event() {
          return alone();
        },
      });
    } catch (error) {
      if (!(error instanceof InvocationError)) throw error;
      this.broken.add(() => error);
    }
  }

  result(): StorageEvent {
    const { objects, skipped, broken } = this;
    if (objects.length === 0 && broken.first) throw broken.first;
    return {
      objects,
      skipped: skipped.list((more) => `${more} more of the event's records`),
      broken: broken.list((more) => new InvocationError('input', `broken: ${more} more of the event's records`)),
    };
  }
}

function read(record: Json, event: Json): Told {
  const source = record.get('eventSource');
  const name = source?.string;
  const reader = SOURCES.get(name);
  if (reader) return reader(record, event);
  if (name) return { skipped: () => `${record.where}: no storage that is known here sends events as ${shown(name)}` };
  throw refusal({
    where: `${record.where}.eventSource`,
    problem: source ? 'no name of a storage' : 'missing in the record',
    got: source?.shown,
    allowed: `a string, for what is read here one of ${[...SOURCES.keys()].join(', ')}`,
    fix: 'send the event as the storage made it',
  });
}

function checkType(where: string, type: StorageType, provider: ProviderName | undefined): void {
  if (provider?.type === undefined || provider.type === type) return;
  throw refusal({
    where: provider.where,
    problem: `the wrapper names a provider of another type than that of ${where}, ${type}`,
    got: `${provider.type}.${provider.id}`,
    allowed: `the id of a provider of type ${type}, with or without "${type}."`,
    fix: `name the provider that the event came from`,
  });
}
