import type pg from 'pg';
import type { CheckResult } from '../../core/checks.js';
import { TerminalError } from '../../core/errors.js';
import { quoteLiteral } from '../../core/filter.js';
import type { LoadIdentity, SchemaChange } from '../../core/load.js';
import type { Addition } from '../../core/quarantine.js';
import type { Session } from '../contract.js';
import { execute, select } from './attached.js';
import { ledgerTable } from './ledger.js';

/** What the ledger's row of a load tells besides its numbers. JSON, so that it may grow. */
export interface LedgerDetails {
  /** The columns that the load filled. */
  readonly columns?: readonly string[];
  /** How the columns changed with this load, all of it. */
  readonly changes?: readonly SchemaChange[];
  readonly deleted?: number;
  /** With `scd2` and without `validFrom`: the moment from which its versions hold, as Postgres writes it. */
  readonly moment?: string;
  /** What its audit found. */
  readonly audited?: readonly CheckResult[];
  /** The load that it adds rejected rows to, and which. */
  readonly addsTo?: Addition;
  /** As {@link LoadResult} has it. */
  readonly leftOut?: number;
}

/** Gives a ledger that an earlier Millrace made the column for details. @throws TerminalError TARGET_UNSUITABLE */
export async function ensureDetails(side: pg.Client, ledgerSchema: string, connection: string): Promise<void> {
  const table = ledgerTable(ledgerSchema);
  const { rows } = await side.query(
    `SELECT 1 FROM pg_attribute WHERE attrelid = to_regclass($1) AND attname = 'details' AND NOT attisdropped`,
    [table],
  );
  if (rows.length > 0) return;
  const alter = `ALTER TABLE ${table} ADD COLUMN IF NOT EXISTS details jsonb`;
  try {
    await side.query(alter);
  } catch (error) {
    if ((error as { code?: unknown }).code !== '42501') throw error;
    throw new TerminalError(
      'TARGET_UNSUITABLE',
      `The ledger ${table} in connection "${connection}" was made by an earlier Millrace and lacks a column, which the connection's user may not add. Run as the table's owner: ${alter};`,
    );
  }
}

/** What the row of this very load tells; nothing when there is none. */
export async function readDetails(session: Session, ledgerSchema: string, loadId: string): Promise<LedgerDetails> {
  const [row] = await select<{ details: string | null }>(
    session,
    `SELECT details::text AS details FROM ${ledgerTable(ledgerSchema)} WHERE load_id = ${quoteLiteral(loadId)}`,
  );
  return row?.details ? (JSON.parse(row.details) as LedgerDetails) : {};
}

export async function writeDetails(session: Session, ledgerSchema: string, id: bigint, details: LedgerDetails): Promise<void> {
  const text = quoteLiteral(JSON.stringify(details));
  await execute(session, `UPDATE ${ledgerTable(ledgerSchema)} SET details = ${text}::jsonb WHERE id = ${id}`);
}

/** The columns that the newest load of this step filled, or else of any step; nothing where the ledger does not tell. */
export async function columnsFilledBefore(
  session: Session,
  ledgerSchema: string,
  target: string,
  { pipeline, step }: Pick<LoadIdentity, 'pipeline' | 'step'>,
): Promise<readonly string[]> {
  const [row] = await select<{ columns: string }>(
    session,
    `SELECT (details->'columns')::text AS columns FROM ${ledgerTable(ledgerSchema)}
     WHERE target = ${quoteLiteral(target)} AND details->'columns' IS NOT NULL
     ORDER BY pipeline = ${quoteLiteral(pipeline)} AND step = ${quoteLiteral(step)} DESC, committed_at DESC LIMIT 1`,
  );
  return row ? (JSON.parse(row.columns) as string[]) : [];
}

/** The newest moment from which versions of a target hold that had no time of their own. */
export async function newestMoment(session: Session, ledgerSchema: string, target: string): Promise<string | undefined> {
  const [row] = await select<{ moment: string | null }>(
    session,
    `SELECT max((details->>'moment')::timestamptz)::text AS moment FROM ${ledgerTable(ledgerSchema)}
     WHERE target = ${quoteLiteral(target)} AND mode = 'scd2'`,
  );
  return row?.moment ?? undefined;
}
