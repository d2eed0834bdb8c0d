/** Node's own limits of an HTTP server, set on purpose. */
export const SERVER_LIMITS = {
  // A client that sends its headers byte by byte; looked for every 5 s.
  headersTimeout: 20_000,
  connectionsCheckingInterval: 5_000,
  // No limit: uploads and waiting take as long as they take. Who does nothing at all is found otherwise.
  requestTimeout: 0,
  // Longer than clients keep a connection that they don't use (Go, and so MinIO: 90 s): it is they who close it, so that
  // none is closed under a request that is already on its way and mustn't be sent twice.
  keepAliveTimeout: 120_000,
  // A client whose machine is gone sends nothing: it is asked every now and then.
  keepAlive: true,
  keepAliveInitialDelay: 30_000,
} as const;
