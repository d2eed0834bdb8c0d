import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { FailureKind, failureOf } from '../failure';

/** What an answer says that is no reply. */
export interface ErrorAnswer {
  readonly status: number;
  /** In a sentence; never a stack trace. */
  readonly reason: string;
  /** What a single run would exit with. @default 1 */
  readonly code?: number;
  /** The script's last lines. */
  readonly output?: string;
  /** Id of the invocation, where there was one. */
  readonly invocation?: string;
  readonly headers?: OutgoingHttpHeaders;
}

/** Whose fault it is, as a status; else it is ours. */
const STATUS: Readonly<Partial<Record<FailureKind, number>>> = { input: 400, cancelled: 503 };
/** So much of a body that nobody wants is read, to keep the connection; a longer one costs it. */
const READ_ANYWAY_BYTES = 64 * 1024;
/** How long a client may take to see that it is to stop sending. */
const LINGER_MS = 2_000;

/** Answers with a text that is there as a whole. */
export function send(response: ServerResponse, status: number, contentType: string, text: string): void {
  response.writeHead(status, { 'content-type': contentType, 'content-length': Buffer.byteLength(text) }).end(text);
}

/** Answers with an error, as JSON; the rest of the request's body, if there is one, is not waited for. */
export function sendError(request: IncomingMessage, response: ServerResponse, error: ErrorAnswer): void {
  const { status, reason, code = 1, output, invocation } = error;
  const json = `${JSON.stringify({ code, reason, output, invocation })}\n`;
  const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(json), ...error.headers };
  if (request.complete || bodyBytes(request) <= READ_ANYWAY_BYTES) response.writeHead(status, headers).end(json);
  else hangUp(request, response.writeHead(status, { ...headers, connection: 'close' }), json);
}

/** Answers with what was thrown. In the middle of a reply the connection breaks: nobody may take a part for the whole. */
export function sendFailure(request: IncomingMessage, response: ServerResponse, error: unknown): void {
  const { kind, message, exitCode, invocation, lastLines } = failureOf(error);
  if (request.socket.destroyed) return;
  if (response.headersSent) {
    request.socket.resetAndDestroy();
    return;
  }
  if (invocation) response.setHeader('x-invocation-id', invocation);
  const status = STATUS[kind] ?? 500;
  sendError(request, response, { status, reason: message, code: exitCode, output: lastLines, invocation });
}

/** For the log: a defect's place. No client is told. */
export function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

/**
 * The whole answer at once, its end later: a connection that is closed while the client still sends is reset, and what
 * the client was told may be lost (RFC 9112, section 9.6).
 */
function hangUp(request: IncomingMessage, response: ServerResponse, text: string): void {
  response.write(text);
  const end = () => response.end();
  const late = setTimeout(end, LINGER_MS);
  response.once('close', () => clearTimeout(late));
  request.once('close', end).unpipe().resume();
}

/** Length of a request's body, as far as its headers tell. */
function bodyBytes({ headers }: IncomingMessage): number {
  if (headers['transfer-encoding'] !== undefined || headers.expect !== undefined) return Infinity;
  return Number(headers['content-length'] ?? 0);
}
