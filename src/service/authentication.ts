import type { FastifyRequest } from 'fastify';
import type { Caller } from '../access/caller.js';
import { localCaller } from '../access/local-caller.js';
import { oidcCallers, type OidcSettings } from '../access/oidc.js';
import { callerOfToken, refused } from '../access/token-callers.js';
import { hashOf, isSecretOf } from '../access/token.js';
import type { Catalog } from '../catalog/index.js';
import { MillraceError, TerminalError } from '../core/errors.js';
import { requireOwnOrigin } from './origin.js';
import { rateLimit } from './rate-limit.js';

export interface AuthenticationSettings {
  readonly catalog: Catalog;
  readonly oidc?: OidcSettings;
  /** A token of an admin that the operator has made up: for the first call of a service that nobody has a shell on. */
  readonly adminToken?: string;
  /** Whether only this machine reaches the service. Otherwise everybody needs a token, even while there is none. */
  readonly loopback: boolean;
}

export interface Authentication {
  /**
   * Who makes a request. Without a token that is anybody of this machine while no token was ever made, and nobody afterwards.
   *
   * @param isPublic whether nobody in particular may ask too
   * @throws TerminalError UNAUTHENTICATED, ORIGIN_REFUSED
   * @throws TransientError RATE_LIMITED after many wrong tokens from one address; ISSUER_UNREACHABLE, CATALOG_UNAVAILABLE
   */
  callerOf(request: FastifyRequest, isPublic: boolean): Promise<Caller>;
  /** Whether nobody needs a token. */
  isOpen(): Promise<boolean>;
}

/** Who makes a request, when they may: every route asks this first. @throws what {@link Authentication} does; TransientError RATE_LIMITED */
export type Admit = (request: FastifyRequest, isPublic?: boolean) => Promise<Caller>;

/** Wrong tokens that one address may send. */
const WRONG_TOKENS = { perSecond: 5, burst: 50 };
/** A text that can be guessed is no token. */
const SHORTEST_ADMIN_TOKEN = 32;

/** @throws TerminalError ENV_INVALID for an admin's token that is too short */
export function openAuthentication(settings: AuthenticationSettings): Authentication {
  const { catalog, loopback, adminToken } = settings;
  if (adminToken !== undefined && adminToken.length < SHORTEST_ADMIN_TOKEN) {
    const message = `MILLRACE_ADMIN_TOKEN has ${adminToken.length} characters. Give it at least ${SHORTEST_ADMIN_TOKEN} of chance: openssl rand -hex 32`;
    throw new TerminalError('ENV_INVALID', message);
  }
  const callerOfText = readerOf(settings);
  const wrong = rateLimit(WRONG_TOKENS);
  let closed = !loopback || settings.oidc !== undefined || adminToken !== undefined;

  async function isOpen(): Promise<boolean> {
    // There is no way back: a token that was revoked does not open the service.
    closed ||= await catalog.hasTokens();
    return !closed;
  }
  async function callerOfBearer(text: string, from: string): Promise<Caller> {
    wrong.check(from);
    try {
      return await callerOfText(text);
    } catch (error) {
      if (error instanceof MillraceError && error.code === 'UNAUTHENTICATED') wrong.take(from);
      throw error;
    }
  }
  return {
    isOpen,
    async callerOf(request, isPublic) {
      const place = { from: request.ip, requestId: request.id };
      const text = bearerOf(request.headers.authorization);
      if (text !== undefined) return { ...(await callerOfBearer(text, request.ip)), ...place };
      // Whether the service is well can be asked while its catalog is away.
      const open = await isOpen().catch((error: unknown) => (isPublic ? false : Promise.reject(error)));
      if (open) {
        requireOwnOrigin(request.headers);
        return { ...localCaller(), ...place };
      }
      if (isPublic) return { name: 'anonymous', kind: 'anonymous', role: 'viewer', scope: {}, ...place };
      throw refused('The request has no token.');
    },
  };
}

function readerOf({ catalog, oidc, adminToken }: AuthenticationSettings): (text: string) => Promise<Caller> {
  const issuer = oidc && oidcCallers(oidc);
  const adminHash = adminToken === undefined ? undefined : hashOf(adminToken);
  return async (text) => {
    if (adminHash !== undefined && isSecretOf(text, adminHash)) {
      return { name: 'MILLRACE_ADMIN_TOKEN', kind: 'token', role: 'admin' };
    }
    if (issuer && text.split('.').length === 3) return issuer.callerOf(text);
    return callerOfToken(catalog, text);
  };
}

/** @throws TerminalError UNAUTHENTICATED for another way of authentication */
function bearerOf(header: string | undefined): string | undefined {
  if (header === undefined) return undefined;
  const [, text] = /^Bearer +([^\s]+)\s*$/i.exec(header) ?? [];
  if (text === undefined) throw refused('The header Authorization holds no bearer token.');
  return text;
}
