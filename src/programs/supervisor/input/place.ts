import { quoted } from '../storage/words';
import type { ObjectPlace } from './provider';

/** `<provider>/<bucket>/<key>`, as the manager writes places into a Job's variables; undefined: it is none. */
export function placeIn(written: string): ObjectPlace | undefined {
  const [, provider, path] = /^([^/]+)\/([^/]+\/.+)$/s.exec(written) ?? [];
  return path === undefined ? undefined : { provider, path };
}

/** What to say of one that is none. */
export const misplaced = (variable: string, written: string) =>
  `${variable} is ${quoted(written)}. Allowed: <provider>/<bucket>/<key>, such as "minio.default/bucket/folder/name"`;
