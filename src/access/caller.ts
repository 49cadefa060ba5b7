import { TerminalError } from '../core/errors.js';

/** What somebody may do: look; start and steer as well; or everything, tokens included. Each may do what those before may. */
export const ROLES = ['viewer', 'operator', 'admin'] as const;
export type Role = (typeof ROLES)[number];

/** The pipelines that somebody has to do with: those of any of these owners, with any of these tags, or of these names. */
export interface Scope {
  readonly owners?: readonly string[];
  readonly tags?: readonly string[];
  readonly pipelines?: readonly string[];
}

/** Who asks. */
export interface Caller {
  /** As the audit names them: a token's name, a subject of an issuer, or a user of this machine. */
  readonly name: string;
  /** `anonymous`: nobody in particular, who may ask whether the service is well and nothing else. */
  readonly kind: 'token' | 'oidc' | 'local' | 'anonymous';
  readonly role: Role;
  /** Groups that approvals may name, as a token or the issuer gives them. @default none */
  readonly groups?: readonly string[];
  /** @default every pipeline */
  readonly scope?: Scope;
  /** Of the token, or the issuer. */
  readonly id?: string;
  /** Where the call came from, as an address. */
  readonly from?: string;
  /** As the log and problem documents name the request. */
  readonly requestId?: string;
}

/** @throws TerminalError FORBIDDEN */
export function requireRole(caller: Caller, needed: Role, what: string): void {
  if (caller.kind !== 'anonymous' && ROLES.indexOf(caller.role) >= ROLES.indexOf(needed)) return;
  throw new TerminalError(
    'FORBIDDEN',
    `${caller.name} is ${caller.role}, and ${what} needs ${needed}. Ask an admin for a token with that role.`,
    { role: caller.role, needed },
  );
}

/**
 * Sees that somebody has to do with everything, not with some pipelines only.
 * @throws TerminalError FORBIDDEN
 */
export function requireNoScope(caller: Caller, what: string): void {
  if (!caller.scope) return;
  throw new TerminalError(
    'FORBIDDEN',
    `${caller.name} has to do with some pipelines only, and ${what} is about all of them. Ask an admin for a token without a scope.`,
  );
}

/** What a scope looks at of a pipeline. */
export interface ScopedPipeline {
  readonly name: string;
  readonly owner?: string | undefined;
  readonly tags?: readonly string[] | undefined;
}

export function isInScope({ scope }: Pick<Caller, 'scope'>, { name, owner, tags = [] }: ScopedPipeline): boolean {
  if (!scope) return true;
  return (
    scope.pipelines?.includes(name) === true ||
    (owner !== undefined && scope.owners?.includes(owner) === true) ||
    tags.some((tag) => scope.tags?.includes(tag) === true)
  );
}
