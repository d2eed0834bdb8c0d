import type { IncomingMessage, OutgoingHttpHeaders } from 'node:http';

/** Of one connection only, and not of the message (RFC 9110, section 7.6.1); so is what `connection` names, and `proxy-…`. */
const OF_A_CONNECTION = ['connection', 'keep-alive', 'te', 'trailer', 'transfer-encoding', 'upgrade'];

/** Of a host, which other programs may share: whose cookies a browser adds is nobody's business but theirs. */
const COOKIES = 'cookie';

/** A message's headers that go to whoever it is for. */
export function endToEnd(message: IncomingMessage, without: readonly string[] = []): OutgoingHttpHeaders {
  const named = (message.headers.connection ?? '').toLowerCase().split(',');
  const stays = new Set([...OF_A_CONNECTION, COOKIES, ...named.map((name) => name.trim()), ...without]);
  const goes = ([name]: [string, unknown]) => !stays.has(name) && !name.startsWith('proxy-');
  return Object.fromEntries(Object.entries(message.headersDistinct).filter(goes));
}
