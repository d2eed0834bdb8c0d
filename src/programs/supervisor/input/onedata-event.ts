import { fileName, pathParts, textAt, timeAt } from './fields';
import { Json } from './json';
import type { Told } from './records';
import { refusal, shown } from './refusal';

/**
 * A record of OneTrigger: `Key`, `/space/path/file`, stands beside the records, or in each.
 * @throws InvocationError (`input`)
 */
export function oneTriggerRecord(record: Json, event: Json): Told {
  const holder = record.get('Key') ? record : event;
  const key = textAt(holder, 'Key');
  const where = `${holder.where}.Key`;
  const parts = pathParts(key, where);
  if (key.endsWith('/')) return { skipped: () => `${record.where}: ${shown(key)} is a folder` };
  const name = fileName(key, where);
  if (parts.length < 2) {
    throw refusal({
      where,
      problem: 'a space, but no file in it',
      got: shown(key),
      allowed: '/space/path/file',
      fix: 'send the whole path',
    });
  }
  checkObjectKey(record, name);
  return { type: 'onedata', path: parts.join('/'), key, name, time: timeAt(record, 'eventTime') };
}

/** One `Key` beside several records can be the file of one of them only. */
function checkObjectKey(record: Json, name: string): void {
  if (!record.get('objectKey')) return;
  const objectKey = textAt(record, 'objectKey');
  if (objectKey === name) return;
  throw refusal({
    where: `${record.where}.objectKey`,
    problem: 'another file than the one that Key names',
    got: shown(objectKey),
    allowed: `the last part of Key, ${shown(name)}`,
    fix: 'give each record a Key of its own',
  });
}
