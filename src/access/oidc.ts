import { createRemoteJWKSet, errors, jwtVerify, type JWTPayload, type JWTVerifyGetKey } from 'jose';
import { messageOf, TransientError } from '../core/errors.js';
import { ROLES, type Caller, type Role, type Scope } from './caller.js';
import { refused } from './token-callers.js';

/** An issuer of identities, and what its claims mean here. */
export interface OidcSettings {
  /** As in the claim `iss`: `https://login.example.com/realms/data`. */
  readonly issuer: string;
  /** One of the claim `aud`: for whom its tokens are. */
  readonly audience: string;
  /** Where its public keys are. @default what its `/.well-known/openid-configuration` says */
  readonly jwksUri?: string;
  /** The claim with roles or groups, a path with dots. @default 'roles' */
  readonly rolesClaim?: string;
  /** Which values of that claim give which role. @default each role's own name */
  readonly roles?: Readonly<Partial<Record<Role, readonly string[]>>>;
  /** Claims that say which pipelines somebody has to do with. @default none: all of them */
  readonly scope?: { readonly owners?: string; readonly tags?: string; readonly pipelines?: string };
}

/** Signatures that only the holder of a private key can make: no HMAC, whose key would be the public one. */
const ALGORITHMS = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519'];
/** How far the clocks of issuer and service may be apart. */
const CLOCK_TOLERANCE_S = 30;
const TIMEOUT_MS = 5_000;

export interface OidcCallers {
  /** @throws TerminalError UNAUTHENTICATED; TransientError ISSUER_UNREACHABLE */
  callerOf(jwt: string): Promise<Caller>;
}

/** Whom the tokens of an issuer stand for. Its keys are fetched when they are first needed, and again when they rotate. */
export function oidcCallers(settings: OidcSettings): OidcCallers {
  let keys: Promise<JWTVerifyGetKey> | undefined;
  function keysOf(): Promise<JWTVerifyGetKey> {
    keys ??= findKeys(settings).catch((error: unknown) => {
      keys = undefined;
      throw unreachable(settings, error);
    });
    return keys;
  }
  return {
    async callerOf(jwt) {
      const payload = await verify(settings, await keysOf(), jwt);
      return callerOfClaims(settings, payload);
    },
  };
}

async function findKeys({ issuer, jwksUri }: OidcSettings): Promise<JWTVerifyGetKey> {
  const uri = jwksUri ?? (await discover(issuer));
  return createRemoteJWKSet(new URL(uri), { timeoutDuration: TIMEOUT_MS });
}

async function discover(issuer: string): Promise<string> {
  const url = `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;
  const response = await fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS), redirect: 'error' });
  if (!response.ok) throw new Error(`${url} answers with HTTP ${response.status}`);
  const { issuer: named, jwks_uri: uri } = (await response.json()) as { readonly issuer?: unknown; readonly jwks_uri?: unknown };
  if (named !== issuer) throw new Error(`${url} is of the issuer ${String(named)}`);
  if (typeof uri !== 'string') throw new Error(`${url} has no jwks_uri`);
  return uri;
}

async function verify(settings: OidcSettings, keys: JWTVerifyGetKey, jwt: string): Promise<JWTPayload> {
  const { issuer, audience } = settings;
  try {
    const { payload } = await jwtVerify(jwt, keys, {
      issuer,
      audience,
      algorithms: ALGORITHMS,
      clockTolerance: CLOCK_TOLERANCE_S,
      requiredClaims: ['exp', 'sub'],
    });
    return payload;
  } catch (error) {
    if (isOfToken(error)) throw refused(`The token of ${issuer} does not count: ${messageOf(error)}.`);
    throw unreachable(settings, error);
  }
}

// Anything else is about fetching the keys.
function isOfToken(error: unknown): boolean {
  const ofKeys = error instanceof errors.JWKSTimeout || error instanceof errors.JWKSInvalid;
  return error instanceof errors.JOSEError && !ofKeys && error.code !== 'ERR_JOSE_GENERIC';
}

function unreachable({ issuer }: OidcSettings, error: unknown): TransientError {
  const message = `The keys of the issuer ${issuer} can't be fetched: ${messageOf(error)}. Check \`service.oidc\`, and that the issuer answers.`;
  return new TransientError('ISSUER_UNREACHABLE', message, {}, { cause: error });
}

/** @throws TerminalError UNAUTHENTICATED when no claim gives a role */
function callerOfClaims(settings: OidcSettings, payload: JWTPayload): Caller {
  const { issuer, rolesClaim = 'roles', roles = {}, scope } = settings;
  const held = textsAt(payload, rolesClaim);
  const role = ROLES.findLast((each) => (roles[each] ?? [each]).some((value) => held.includes(value)));
  const name = String(payload.sub);
  if (!role) throw refused(`${name} has no role here: nothing in the claim "${rolesClaim}" of ${issuer} stands for one.`);
  return { name, kind: 'oidc', id: issuer, role, groups: held, ...(scope && { scope: scopeOf(payload, scope) }) };
}

// A claim that is missing gives nothing, never everything.
function scopeOf(payload: JWTPayload, claims: NonNullable<OidcSettings['scope']>): Scope {
  const known = Object.entries(claims).flatMap(([kind, claim]) => (claim === undefined ? [] : [[kind, textsAt(payload, claim)]]));
  return Object.fromEntries(known) as Scope;
}

/** The texts of a claim: a list of them, or one text with blanks between, as `scope` has it. */
function textsAt(payload: JWTPayload, claim: string): string[] {
  // A claim may have dots in its own name, as those that are URLs.
  let value: unknown = payload[claim];
  if (value === undefined) {
    value = payload;
    for (const part of claim.split('.')) {
      value = typeof value === 'object' && value !== null && Object.hasOwn(value, part) ? (value as never)[part] : undefined;
    }
  }
  if (typeof value === 'string') return value.split(/\s+/).filter(Boolean);
  return Array.isArray(value) ? value.filter((each): each is string => typeof each === 'string') : [];
}
