import type { Configurable } from '../../config/env.js';

/** Options of {@link postgres}. */
export interface PostgresOptions {
  /** `postgres://user:password@host:port/database?sslmode=…`. Usually `env('…')`, since it holds the password. */
  readonly url: Configurable;
  /** The schema of tables named without one. @default 'public' */
  readonly schema?: string;
  /** The schema that holds the ledger. It is made when missing. @default '_millrace' */
  readonly ledgerSchema?: string;
  /** Longest wait for a lock on the target before the attempt gives up and is tried again, in milliseconds. @default 30000 */
  readonly lockTimeoutMs?: number;
}

/** A PostgreSQL database, version 13 or newer. */
export function postgres(options: PostgresOptions): {
  readonly kind: 'postgres';
  readonly options: Readonly<Record<string, unknown>>;
} {
  return { kind: 'postgres', options: { ...options } };
}
