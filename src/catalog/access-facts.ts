/*
 * Who may call the service, and what was changed by whom. Unlike the rest of the catalog these are records and no
 * projection: nothing else knows of them, so they need a backup.
 */

/** A token as it is kept: nobody can make the token itself from it. */
export interface TokenRecord {
  /** The middle part of the token; no secret. */
  readonly id: string;
  readonly name: string;
  readonly role: string;
  /** Which pipelines it is for. @default every pipeline */
  readonly scope: TokenScope | null;
  /** Those that approvals may name. */
  readonly groups: readonly string[];
  /** SHA-256 of the secret part, in hex. */
  readonly secretHash: string;
  readonly createdAt: string;
  readonly createdBy: string;
  /** `null`: never. */
  readonly expiresAt: string | null;
  readonly revokedAt: string | null;
  readonly revokedBy: string | null;
  /** To the minute. */
  readonly lastUsedAt: string | null;
}

export interface TokenScope {
  readonly owners?: readonly string[];
  readonly tags?: readonly string[];
  readonly pipelines?: readonly string[];
}

/** What somebody has asked to be changed, as it is written before it is done. */
export interface AuditBegun {
  /** Sorts by time. */
  readonly id: string;
  readonly at: string;
  readonly actor: string;
  readonly actorKind: string;
  /** Of the token. */
  readonly actorId: string | null;
  readonly role: string;
  readonly from: string | null;
  readonly requestId: string | null;
  readonly operation: string;
  /** What it was to change: a run, a pipeline, a token … */
  readonly target: string | null;
  /** What was asked, as JSON; no secret. */
  readonly input: string;
}

/** `unknown`: it began, and nobody has told how it ended. */
export const AUDIT_OUTCOMES = ['done', 'refused', 'failed', 'unknown'] as const;
export type AuditOutcome = (typeof AUDIT_OUTCOMES)[number];

export interface AuditEnded {
  readonly outcome: Exclude<AuditOutcome, 'unknown'>;
  readonly endedAt: string;
  readonly code: string | null;
  readonly message: string | null;
  /** As JSON; no secret. */
  readonly result: string | null;
  /** Where only the end tells it, as the id of a run that was started. */
  readonly target: string | null;
}

export interface AuditRow extends AuditBegun {
  readonly outcome: AuditOutcome;
  readonly endedAt: string | null;
  readonly code: string | null;
  readonly message: string | null;
  readonly result: string | null;
}

export interface AuditFilter {
  readonly actor?: string;
  readonly operation?: string;
  readonly outcome?: string;
  readonly target?: string;
  readonly since?: string;
  readonly until?: string;
  /** Only what comes after this id in the list. */
  readonly after?: string;
  readonly limit: number;
}
