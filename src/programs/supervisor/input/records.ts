import type { StorageType } from '../../../contract';
import { inotifyEvent, dcacheRecord } from './dcache-event';
import type { EventInput, EventObject } from './input';
import { Json } from './json';
import { oneTriggerRecord } from './onedata-event';
import { refusal } from './refusal';
import { s3Record } from './s3-event';
import type { ProviderName } from './wrapper';

/** What a record tells: an object to fetch, or why there is nothing to do. */
export type Told = Omit<EventObject, 'event' | 'providerId'> | { readonly skipped: string };
export type StorageEvent = Pick<EventInput, 'objects' | 'skipped'>;

/** Readers of records, by their `eventSource`. */
const SOURCES: ReadonlyMap<string | undefined, (record: Json, event: Json) => Told> = new Map([
  ['minio:s3', (record: Json) => s3Record(record, 'minio')],
  ['aws:s3', (record: Json) => s3Record(record, 's3')],
  ['OneTrigger', oneTriggerRecord],
  ['dcacheTrigger', dcacheRecord],
]);

/**
 * What a storage's event tells, record by record; undefined for what is no such event.
 * @param provider that a wrapper named
 * @throws InvocationError (`input`) for an event that is broken.
 */
export function storageEvent(event: Json, provider: ProviderName | undefined): StorageEvent | undefined {
  const records = event.get('Records');
  const objects: EventObject[] = [];
  const skipped: string[] = [];
  const take = (told: Told, alone: () => string) => {
    if ('skipped' in told) return void skipped.push(told.skipped);
    checkType(told.type, provider);
    objects.push({
      ...told,
      ...(provider && { providerId: provider.id }),
      // Made when it is asked for: thousands of records, each with all that stands around them, are not held at once.
      get event() {
        return alone();
      },
    });
  };
  const fromInotify = inotifyEvent(event);
  if (fromInotify) take(fromInotify, () => event.text);
  else if (records && isEvent(records)) {
    for (const record of records.elements()) {
      take(read(record, event), () => event.withReplaced(records, `[${record.text}]`));
    }
  } else return undefined;
  return { objects, skipped };
}

/** One record of a kind that we know is enough: nothing of an event that is broken elsewhere passes for plain data. */
function isEvent(records: Json): boolean {
  for (const record of records.elements()) if (SOURCES.has(record.get('eventSource')?.string)) return true;
  return false;
}

function read(record: Json, event: Json): Told {
  const source = record.get('eventSource');
  const reader = SOURCES.get(source?.string);
  if (reader) return reader(record, event);
  throw refusal({
    where: `${record.where}.eventSource`,
    problem: source ? 'no storage that sends events here' : 'missing in the record',
    got: source?.shown,
    allowed: `${[...SOURCES.keys()].join(', ')} in every record of an event`,
    fix: 'send records of other kinds on their own',
  });
}

function checkType(type: StorageType, provider: ProviderName | undefined): void {
  if (provider?.type === undefined || provider.type === type) return;
  throw refusal({
    where: provider.where,
    problem: `the wrapper names a provider of another type than the event's, ${type}`,
    got: `${provider.type}.${provider.id}`,
    allowed: `the id of a provider of type ${type}, with or without "${type}."`,
    fix: `name the provider that the event came from`,
  });
}
