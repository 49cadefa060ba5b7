import type { Catalog } from '../catalog/index.js';
import { TerminalError } from '../core/errors.js';
import type { Caller, Role } from './caller.js';
import { isSecretOf, readToken } from './token.js';

/** When a token was last used is kept to the minute, so that a busy caller costs one write a minute. */
const TOUCH_MS = 60_000;

type TokenCatalog = Pick<Catalog, 'findToken' | 'touchToken'>;

/**
 * Who a token of ours stands for. The catalog is asked each time, so that a token ends with the moment in which it is
 * revoked.
 *
 * @throws TerminalError UNAUTHENTICATED; TransientError CATALOG_UNAVAILABLE
 */
export async function callerOfToken(catalog: TokenCatalog, text: string, now: number = Date.now()): Promise<Caller> {
  const given = readToken(text);
  const token = given && (await catalog.findToken(given.id));
  // What differs is not told: whoever guesses shall not learn which ids there are.
  if (!given || !token || !isSecretOf(given.secret, token.secretHash)) throw refused('The token is unknown.');
  if (token.revokedAt !== null) throw refused(`The token "${token.name}" (${token.id}) was revoked on ${token.revokedAt}.`);
  if (token.expiresAt !== null && Date.parse(token.expiresAt) <= now)
    throw refused(`The token "${token.name}" (${token.id}) expired on ${token.expiresAt}.`);
  if (token.lastUsedAt === null || now - Date.parse(token.lastUsedAt) > TOUCH_MS) {
    // A note and no more: a call does not wait for it, nor fail with it.
    catalog.touchToken(token.id, new Date(now).toISOString()).catch(() => undefined);
  }
  return {
    name: token.name,
    kind: 'token',
    id: token.id,
    role: token.role as Role,
    ...(token.groups.length > 0 && { groups: token.groups }),
    ...(token.scope && { scope: token.scope }),
  };
}

/** An answer to somebody who is not who they would have to be. */
export function refused(why: string): TerminalError {
  return new TerminalError(
    'UNAUTHENTICATED',
    `${why} Send \`Authorization: Bearer TOKEN\`; an admin makes tokens with \`millrace tokens create NAME --role viewer\`.`,
  );
}
