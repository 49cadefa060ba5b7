import type pg from 'pg';
import type { StoredWatermark } from '../../core/cursor.js';
import { storedWatermark } from '../../core/watermark.js';
import { quoteIdentifier, quoteLiteral } from '../../core/filter.js';
import type { LoadRequest, Session } from '../contract.js';
import { execute, select } from './attached.js';

/** A load as the ledger knows it. */
export interface LedgerEntry {
  readonly id: bigint;
  readonly content: string;
  readonly rows: number;
  readonly watermark?: StoredWatermark;
}

/** The ledger's name in SQL. */
export function ledgerTable(ledgerSchema: string): string {
  return `${quoteIdentifier(ledgerSchema)}.ledger`;
}

/** Makes the ledger where it is missing. Two processes may do so at once: the second waits and finds it. */
export async function ensureLedger(side: pg.Client, ledgerSchema: string): Promise<void> {
  const table = ledgerTable(ledgerSchema);
  const found = await side.query<{ oid: string | null }>('SELECT to_regclass($1)::oid AS oid', [table]);
  if (found.rows[0]?.oid) return;
  await side
    .query(
      `
    BEGIN;
    SELECT pg_advisory_xact_lock(hashtextextended(${quoteLiteral(`millrace ledger ${ledgerSchema}`)}, 0));
    CREATE SCHEMA IF NOT EXISTS ${quoteIdentifier(ledgerSchema)};
    CREATE TABLE IF NOT EXISTS ${table} (
      id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
      load_id text NOT NULL UNIQUE,
      content text NOT NULL,
      target text NOT NULL,
      mode text NOT NULL,
      "partition" text,
      run_partition text,
      pipeline text NOT NULL,
      step text NOT NULL,
      workflow_id text NOT NULL,
      run_id text NOT NULL,
      "rows" bigint NOT NULL,
      watermark jsonb,
      details jsonb,
      superseded_by bigint,
      committed_at timestamptz NOT NULL
    );
    CREATE INDEX IF NOT EXISTS ledger_current ON ${table} (target, pipeline, step, run_partition) WHERE superseded_by IS NULL;
    CREATE INDEX IF NOT EXISTS ledger_watermark ON ${table} (target, id) WHERE watermark IS NOT NULL;
    COMMENT ON TABLE ${table} IS 'One row for each load by Millrace, written in the load''s own transaction';
    COMMIT`,
    )
    .catch(async (error: unknown) => {
      await side.query('ROLLBACK').catch(() => undefined);
      throw error;
    });
}

/** What the ledger knows of this very load. */
export async function findLoad(session: Session, ledgerSchema: string, loadId: string): Promise<LedgerEntry | undefined> {
  const [row] = await select<{ id: bigint; content: string; rows: bigint; watermark: string | null }>(
    session,
    `SELECT id, content, "rows", watermark::text AS watermark FROM ${ledgerTable(ledgerSchema)} WHERE load_id = ${quoteLiteral(loadId)}`,
  );
  if (row === undefined) return undefined;
  const watermark = row.watermark === null ? undefined : (JSON.parse(row.watermark) as StoredWatermark);
  return { id: row.id, content: row.content, rows: Number(row.rows), ...(watermark && { watermark }) };
}

/** Gives a load's row, which is about to be renewed, a place after all others. */
export async function moveToEnd(session: Session, ledgerSchema: string, id: bigint): Promise<void> {
  await execute(session, `UPDATE ${ledgerTable(ledgerSchema)} SET id = DEFAULT WHERE id = ${id}`);
}

/** Writes the load's row, or renews it when the same load comes again with other content, and gives its id. */
export async function recordLoad(session: Session, ledgerSchema: string, target: string, request: LoadRequest): Promise<bigint> {
  const { identity } = request;
  const partition = request.partition === undefined ? null : JSON.stringify(request.partition);
  const values = {
    load_id: quoteLiteral(identity.loadId),
    content: quoteLiteral(identity.content),
    target: quoteLiteral(target),
    mode: quoteLiteral(request.mode),
    partition: quoteLiteral(partition),
    run_partition: quoteLiteral(identity.partition ?? null),
    pipeline: quoteLiteral(identity.pipeline),
    step: quoteLiteral(identity.step),
    workflow_id: quoteLiteral(identity.workflowId),
    run_id: quoteLiteral(identity.runId),
    rows: String(request.rows),
    watermark: request.watermark ? `${quoteLiteral(JSON.stringify(storedWatermark(request.watermark)))}::jsonb` : 'NULL',
    committed_at: 'clock_timestamp()',
  };
  const columns = Object.keys(values).map(quoteIdentifier);
  const renewed = columns.slice(1).map((column) => `${column} = EXCLUDED.${column}`);
  await execute(
    session,
    `INSERT INTO ${ledgerTable(ledgerSchema)} (${columns.join(', ')}) VALUES (${Object.values(values).join(', ')})
     ON CONFLICT (load_id) DO UPDATE SET ${renewed.join(', ')}, superseded_by = NULL`,
  );
  const entry = await findLoad(session, ledgerSchema, identity.loadId);
  if (entry === undefined) throw new Error(`The ledger lost load ${identity.loadId}`);
  return entry.id;
}

/**
 * The ids whose rows an append takes the place of: its own earlier rows, and those of other loads of the same pipeline,
 * step and run partition. A later one wins, so that a partition is never held twice. With a watermark the range alone
 * says which rows a load has, and no load takes the place of another.
 */
export async function findSuperseded(
  session: Session,
  ledgerSchema: string,
  target: string,
  request: LoadRequest,
  own: bigint,
): Promise<bigint[]> {
  const { pipeline, step, partition } = request.identity;
  if (partition === undefined || request.watermark !== undefined) return [];
  const rows = await select<{ id: bigint }>(
    session,
    `SELECT id FROM ${ledgerTable(ledgerSchema)}
     WHERE target = ${quoteLiteral(target)} AND pipeline = ${quoteLiteral(pipeline)} AND step = ${quoteLiteral(step)}
       AND run_partition = ${quoteLiteral(partition)} AND mode = 'append' AND superseded_by IS NULL AND id <> ${own}`,
  );
  return rows.map((row) => row.id);
}

/** The ids of loads that have added rejected rows to this one: when it is made again, they are part of what is undone. */
export async function findAdded(
  session: Session,
  ledgerSchema: string,
  target: string,
  request: LoadRequest,
  own: bigint,
): Promise<bigint[]> {
  const rows = await select<{ id: bigint }>(
    session,
    `SELECT id FROM ${ledgerTable(ledgerSchema)} AS load WHERE target = ${quoteLiteral(target)} AND superseded_by IS NULL AND id <> ${own}
       AND to_jsonb(load) -> 'details' -> 'addsTo' ->> 'loadId' = ${quoteLiteral(request.identity.loadId)}`,
  );
  return rows.map((row) => row.id);
}

/** Notes that other loads' rows are gone because this one took their place. */
export async function markSuperseded(session: Session, ledgerSchema: string, ids: readonly bigint[], by: bigint): Promise<void> {
  if (ids.length === 0) return;
  await execute(session, `UPDATE ${ledgerTable(ledgerSchema)} SET superseded_by = ${by} WHERE id IN (${ids.join(', ')})`);
}
