/** What a request shows to be let in. */
export type Credentials =
  | { readonly scheme: 'basic'; readonly user: string; readonly password: string; readonly header: string }
  | { readonly scheme: 'bearer'; readonly token: string; readonly header: string }
  | { readonly scheme: 'other'; readonly header: string };

/** @returns nothing where the request shows nothing */
export function credentialsIn(header: string | undefined): Credentials | undefined {
  if (!header) return undefined;
  // By hand: a pattern that may split spaces in many ways takes seconds for some headers, and anybody may send one.
  const end = header.search(/[ \t]/);
  const scheme = (end < 0 ? header : header.slice(0, end)).toLowerCase();
  const rest = end < 0 ? '' : header.slice(end).trim();
  if (scheme === 'bearer' && rest) return { scheme: 'bearer', token: rest, header };
  const login = scheme === 'basic' ? loginIn(rest) : undefined;
  return login ? { scheme: 'basic', ...login, header } : { scheme: 'other', header };
}

/** `user:password` in base64 (RFC 7617): the first colon ends the user's name, and the password may have more. */
function loginIn(base64: string): { user: string; password: string } | undefined {
  if (!/^[A-Za-z0-9+/_-]+={0,2}$/.test(base64)) return undefined;
  const text = Buffer.from(base64, 'base64').toString('utf8');
  const colon = text.indexOf(':');
  return colon < 0 ? undefined : { user: text.slice(0, colon), password: text.slice(colon + 1) };
}
