import { fileName, pathParts, textAt, timeAt } from './fields';
import { Json } from './json';
import type { Told } from './records';
import { refusal, shown } from './refusal';

/** Marks of inotify(7) for a file that is there now. */
const WRITTEN = ['IN_CLOSE_WRITE', 'IN_CREATE', 'IN_MOVED_TO'];
const NO_FILE = ['IN_ISDIR', 'IN_DELETE'];

/**
 * dCache's own event, from its stream of server-sent events: `{"event": {"name", "mask"}, "subscription"}`. It tells a
 * file's name, and not the folder that is watched. Undefined for anything else.
 * @throws InvocationError (`input`)
 */
export function inotifyEvent(json: Json): Told | undefined {
  const event = json.get('event');
  const mask = event?.get('mask');
  if (!event || mask?.kind !== 'array' || !json.get('subscription')) return undefined;
  const marks = [...marksOf(mask)];
  const written = WRITTEN.some((mark) => marks.includes(mark)) && !NO_FILE.some((mark) => marks.includes(mark));
  if (!written) {
    const name = () => event.get('name')?.shown ?? 'the folder itself';
    return { skipped: () => `${event.where}: ${mask.shown} of ${name()} is no file that was written` };
  }
  const name = textAt(event, 'name');
  const where = `${event.where}.name`;
  if (name.includes('/')) {
    throw refusal({
      where,
      problem: 'not a bare name',
      got: shown(name),
      allowed: 'the name of a file in the folder that is watched',
      fix: 'send the event as dCache made it',
    });
  }
  return { type: 'webdav', path: name, inFolder: true, key: name, name: fileName(name, where), time: '' };
}

/** Those marks alone that mean something here. */
function* marksOf(mask: Json): Generator<string> {
  for (const element of mask.elements()) {
    const mark = element.string;
    if (mark !== undefined && (WRITTEN.includes(mark) || NO_FILE.includes(mark))) yield mark;
  }
}

/**
 * A record that tools which listen to dCache send on: `{"file_path", "timestamp", "eventSource": "dcacheTrigger"}`.
 * @throws InvocationError (`input`)
 */
export function dcacheRecord(record: Json): Told {
  const key = textAt(record, 'file_path');
  const where = `${record.where}.file_path`;
  const path = `/${pathParts(key, where).join('/')}`;
  if (key.endsWith('/')) return { skipped: () => `${record.where}: ${shown(key)} is a folder` };
  return { type: 'webdav', path, key, name: fileName(key, where), time: timeAt(record, 'timestamp') };
}
