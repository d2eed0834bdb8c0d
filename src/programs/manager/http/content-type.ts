/**
 * The type of a body as its supervisor is told it. Upstream's Python client says of every body that it is JSON, and sends
 * base64 most of the time: without a type, the supervisor looks which of the two it is.
 */
export function typeForSupervisor(contentType: string | undefined): string | undefined {
  return /^\s*application\/json\s*(;|$)/i.test(contentType ?? '') ? undefined : contentType;
}
