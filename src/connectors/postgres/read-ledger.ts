import type pg from 'pg';
import type { StoredWatermark } from '../../core/cursor.js';
import type { LoadMode } from '../../core/load.js';
import { connectPostgres } from '../../postgres/connect.js';
import type { LedgerLoad } from '../contract.js';
import { translatePostgresError } from './errors.js';
import type { LedgerDetails } from './ledger-details.js';
import { ledgerTable } from './ledger.js';
import type { ResolvedPostgres } from './options.js';

/** Loads read at a time. */
const PAGE = 1000;

/** What is read of a load, from the ledger as `load`. */
export const LOAD_COLUMNS = `id, load_id, content, target, mode, run_partition, pipeline, step, workflow_id, run_id, "rows", watermark,
  to_jsonb(load) -> 'details' AS details,
  to_char(committed_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS committed_at`;

/** Every load in the ledger, oldest first; none where there is no ledger. */
export async function* readLedger(settings: ResolvedPostgres): AsyncGenerator<LedgerLoad> {
  const table = ledgerTable(settings.ledgerSchema);
  let side: pg.Client | undefined;
  try {
    side = await connectPostgres(settings.url, 'millrace ledger');
    const found = await side.query<{ oid: string | null }>('SELECT to_regclass($1)::oid AS oid', [table]);
    if (!found.rows[0]?.oid) return;
    for (let after = '0'; ;) {
      const rows = await readPage(side, table, after);
      for (const row of rows) yield toLoad(row, settings.connection);
      if (rows.length < PAGE) return;
      after = rows.at(-1)?.id ?? after;
    }
  } catch (error) {
    throw translatePostgresError(error, settings, `the ledger ${table}`);
  } finally {
    await side?.end().catch(() => undefined);
  }
}

async function readPage(side: pg.Client, table: string, after: string): Promise<StoredLoad[]> {
  const { rows } = await side.query<StoredLoad>(
    `SELECT ${LOAD_COLUMNS} FROM ${table} AS load WHERE id > $1 ORDER BY id LIMIT ${PAGE}`,
    [after],
  );
  return rows;
}

/** A load's row. */
export interface StoredLoad {
  readonly id: string;
  readonly load_id: string;
  readonly content: string;
  readonly target: string;
  readonly mode: LoadMode;
  readonly run_partition: string | null;
  readonly pipeline: string;
  readonly step: string;
  readonly workflow_id: string;
  readonly run_id: string;
  readonly rows: string;
  readonly watermark: StoredWatermark | null;
  readonly committed_at: string;
  /** Null as well where an earlier Millrace made the ledger. */
  readonly details: LedgerDetails | null;
}

/** A row as a load. */
export function toLoad(row: StoredLoad, connection: string): LedgerLoad {
  return {
    loadId: row.load_id,
    content: row.content,
    target: `${connection}.${row.target}`,
    mode: row.mode,
    pipeline: row.pipeline,
    step: row.step,
    ...(row.run_partition !== null && { partition: row.run_partition }),
    workflowId: row.workflow_id,
    runId: row.run_id,
    rows: Number(row.rows),
    ...(row.watermark !== null && { watermark: row.watermark }),
    committedAt: row.committed_at,
    ...(row.details?.changes && { changes: row.details.changes }),
    ...(row.details?.deleted !== undefined && { deleted: row.details.deleted }),
    ...(row.details?.addsTo && { addsTo: row.details.addsTo.loadId }),
  };
}
