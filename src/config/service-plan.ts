import type { Environment } from './environment.js';
import type { ProjectConfig } from './project.js';
import { resolveTexts } from './resolve-env.js';

/** `service` as it is written in a config. */
export type ServiceConfig = NonNullable<ProjectConfig['service']>;

/** {@link ServiceConfig} with defaults filled in and values taken from the environment. */
export interface ServicePlan {
  readonly oidc?: ResolvedOidc;
  readonly rateLimit: { readonly perSecond: number; readonly burst: number };
  readonly proxies: readonly string[];
}

type OidcConfig = NonNullable<ServiceConfig['oidc']>;

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
