import { createHash, timingSafeEqual } from 'node:crypto';

/**
 * Whether a text is the secret, in a time that tells nothing of either: neither where they differ nor how long the
 * secret is. Nothing is the same as no secret.
 */
export function isSecret(text: string, secret: string | undefined): boolean {
  const same = timingSafeEqual(digest(text), digest(secret ?? ''));
  return same && secret !== undefined && secret !== '';
}

const digest = (text: string) => createHash('sha256').update(text).digest();
