/** Text from outside, for messages: quoted, control characters escaped, cut at 300 characters. */
export function quoted(text: string): string {
  return JSON.stringify(text.length > 300 ? `${text.slice(0, 300)}…` : text);
}

/** What a server says, on one line, without the secrets that it may repeat. */
export function quotedWithout(secrets: readonly (string | undefined)[], text: string): string {
  const hidden = secrets.reduce<string>((left, secret) => (secret ? left.replaceAll(secret, '***') : left), text);
  return quoted(hidden.trim());
}

/**
 * Each character but letters, digits and `-._~` percent-encoded (RFC 3986, 2.3), as AWS' signatures want it; `.` and `..`
 * too, which would be resolved on the way where they stand as they are.
 */
export function encodeSegment(segment: string): string {
  if (segment === '.' || segment === '..') return segment.replaceAll('.', '%2E');
  return encodeURIComponent(segment).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
}

/** The same of a path; its slashes stay. */
export const encodePath = (path: string): string => path.split('/').map(encodeSegment).join('/');

/** Half a surrogate pair has no UTF-8, so no server can have a name with one. */
export const isUnicode = (text: string): boolean => !/\p{Cs}/u.test(text);

/** Names in a path of folders, or none where it can't be one. */
export function namesIn(path: string): string[] | undefined {
  const names = path.split('/').filter((name) => name !== '');
  const holds = names.length > 0 && isUnicode(path) && !names.some((name) => name === '.' || name === '..');
  return holds ? names : undefined;
}
