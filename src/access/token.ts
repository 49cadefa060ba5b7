import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

/** A token that was just made. Its text is told once and kept nowhere. */
export interface NewToken {
  readonly id: string;
  /** `mr_<id>_<secret>`: what a caller sends. */
  readonly text: string;
  readonly secretHash: string;
}

const FORM = /^mr_([0-9a-f]{16})_([A-Za-z0-9_-]{43})$/;

/** Makes a token. */
export function makeToken(): NewToken {
  const id = randomBytes(8).toString('hex');
  const secret = randomBytes(32).toString('base64url');
  return { id, text: `mr_${id}_${secret}`, secretHash: hashOf(secret) };
}

/** Takes a token apart; `undefined` for what is none. */
export function readToken(text: string): { readonly id: string; readonly secret: string } | undefined {
  const [, id, secret] = FORM.exec(text) ?? [];
  return id === undefined || secret === undefined ? undefined : { id, secret };
}

/**
 * What is kept of a secret. One pass of SHA-256 is enough: the secret is 256 bits of chance, so that nobody can try the
 * likely ones, as with passwords, which is what slow hashes are for.
 */
export function hashOf(secret: string): string {
  return createHash('sha256').update(secret).digest('hex');
}

/** Compares in a time that does not depend on where the two differ. */
export function isSecretOf(secret: string, secretHash: string): boolean {
  return timingSafeEqual(createHash('sha256').update(secret).digest(), Buffer.from(secretHash, 'hex'));
}
