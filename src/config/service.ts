import { z } from 'zod';
import type { Environment } from './environment.js';
import type { Configurable } from './env.js';
import { resolveTexts } from './resolve-env.js';

/** What the operator decides about the client service. */
export interface ServiceConfig {
  readonly oidc?: OidcConfig;
  /** Requests that one caller may make. */
  readonly rateLimit?: {
    /** In the long run. @default 500 */
    readonly perSecond?: number;
    /** At once, after a pause. @default 1000 */
    readonly burst?: number;
  };
  /**
   * Addresses or networks (`10.0.0.0/8`) of the proxies before the service: what they say in `X-Forwarded-For` is where a
   * call came from. @default none
   */
  readonly proxies?: readonly string[];
}

/** An issuer of OpenID Connect whose JWTs are taken beside the tokens of `millrace tokens create`. */
export interface OidcConfig {
  /** As its tokens have it in `iss`. */
  readonly issuer: Configurable;
  /** What its tokens must have in `aud`. */
  readonly audience: Configurable;
  /** Where its public keys are. @default what its `/.well-known/openid-configuration` says */
  readonly jwksUri?: Configurable;
  /** The claim with roles or groups; dots lead into objects, as in `realm_access.roles`. @default 'roles' */
  readonly rolesClaim?: string;
  /** Which values of that claim give which role. @default `viewer`, `operator` and `admin` give the role of that name */
  readonly roles?: {
    readonly viewer?: readonly string[];
    readonly operator?: readonly string[];
    readonly admin?: readonly string[];
  };
  /** Claims with the owners, tags or names of the pipelines that somebody has to do with. @default everybody has to do with all */
  readonly scope?: { readonly owners?: string; readonly tags?: string; readonly pipelines?: string };
}

const text = z.string().min(1);
const configurable = z.union([
  text,
  z.strictObject({ kind: z.literal('env'), name: z.string(), default: z.string().optional() }),
]);
const values = z.array(text).optional();

export const serviceSchema = z.strictObject({
  oidc: z
    .strictObject({
      issuer: configurable,
      audience: configurable,
      jwksUri: configurable.optional(),
      rolesClaim: text.optional(),
      roles: z.strictObject({ viewer: values, operator: values, admin: values }).optional(),
      scope: z
        .strictObject({ owners: text.optional(), tags: text.optional(), pipelines: text.optional() })
        .refine((claims) => Object.keys(claims).length > 0, 'name at least one claim, or leave `scope` out')
        .optional(),
    })
    .optional(),
  rateLimit: z.strictObject({ perSecond: z.number().positive().optional(), burst: z.int().positive().optional() }).optional(),
  proxies: z.array(z.union([z.ipv4(), z.ipv6(), z.cidrv4(), z.cidrv6()])).optional(),
});

/** {@link ServiceConfig} with defaults filled in and values taken from the environment. */
export interface ServicePlan {
  readonly oidc?: ResolvedOidc;
  readonly rateLimit: { readonly perSecond: number; readonly burst: number };
  readonly proxies: readonly string[];
}

type ResolvedOidc = Omit<OidcConfig, 'issuer' | 'audience' | 'jwksUri'> & {
  readonly issuer: string;
  readonly audience: string;
  readonly jwksUri?: string;
};

/** @throws TerminalError ENV_MISSING, ENV_INVALID */
export function servicePlan({ oidc, rateLimit, proxies = [] }: ServiceConfig, environment: Environment): ServicePlan {
  return {
    ...(oidc && { oidc: resolveTexts({ ...oidc }, 'service.oidc', environment) as unknown as ResolvedOidc }),
    rateLimit: { perSecond: rateLimit?.perSecond ?? 500, burst: rateLimit?.burst ?? 1000 },
    proxies,
  };
}
