import { InvocationError } from '../failure';
import { PassingError } from './retry';

const IN_WORDS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'the connection was refused',
  ECONNRESET: 'the connection broke',
  EPIPE: 'the connection broke',
  ETIMEDOUT: 'the connection timed out',
  EHOSTUNREACH: 'the host is unreachable',
  ENETUNREACH: 'the network is unreachable',
  ENOTFOUND: 'there is no host of this name',
  EAI_AGAIN: 'the name of the host could not be looked up',
};

/** OpenSSL's and Node's codes for certificates that don't hold: the same at every try. */
const CERTIFICATE = /^(CERT_|UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_|HOSTNAME_MISMATCH|ERR_TLS_CERT_)/;

/** A system's or TLS' error, for people; any other error stays what it is. @param origin never with a secret */
export function explain(error: Error, origin: string): Error {
  const { code } = error as NodeJS.ErrnoException;
  if (code === undefined || error instanceof InvocationError || error instanceof PassingError) return error;
  if (!CERTIFICATE.test(code)) return new PassingError(`${origin}: ${IN_WORDS[code] ?? `${error.message} (${code})`}`);
  return new InvocationError(
    'storage',
    `${origin}: its TLS certificate can't be trusted (${code}). Fix: put the certificate of the authority that ` +
      "signed it (PEM) into the provider's Secret, as `ca.crt`; or a certificate for this host's name on the server",
  );
}
