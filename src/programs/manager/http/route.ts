import type { IncomingMessage, ServerResponse } from 'node:http';

/** Who may call. `service`: with the admin's login, or with the token of the service that the path names. */
export type Access = 'anyone' | 'webhook' | 'metrics' | 'admin' | 'service';

/** Who called. */
export type Caller =
  { readonly kind: 'admin' } | { readonly kind: 'service'; readonly service: string } | { readonly kind: 'other' };

export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** Parts of the path that the route names, decoded: `/run/:service` → `service`. */
  readonly parameters: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  readonly caller: Caller;
  /** Aborted when the client goes away. */
  readonly signal: AbortSignal;
}

/** Answers, or throws `HttpError`; what else it throws is a defect and answered by a 500 that tells nothing. */
export type Handler = (exchange: Exchange) => Promise<void> | void;

export interface Route {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** `/system/logs/:service/:job`; a slash at the end of a request's path doesn't count. */
  readonly path: string;
  readonly access: Access;
  readonly handle: Handler;
}
