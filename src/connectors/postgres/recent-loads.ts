import type pg from 'pg';
import { connectPostgres } from '../../postgres/connect.js';
import type { RecentLoads, RecentLoadsRequest } from '../watching.js';
import { translatePostgresError } from './errors.js';
import { ledgerTable } from './ledger.js';
import type { ResolvedPostgres } from './options.js';
import { LOAD_COLUMNS, toLoad, type StoredLoad } from './read-ledger.js';

/** Without a cursor that means something here, a look goes back so far: a server that was restored counts transactions anew. */
const LOST_CURSOR_MS = 24 * 3_600_000;

/**
 * The loads since an earlier look, by transactions: the cursor is the oldest transaction that was still open then. Whatever
 * was not seen by that look was written by it or a later one, however long it took; no time and no number of a row says that.
 * Some loads are told again.
 */
export async function recentLoads(settings: ResolvedPostgres, request: RecentLoadsRequest): Promise<RecentLoads> {
  const table = ledgerTable(settings.ledgerSchema);
  let side: pg.Client | undefined;
  try {
    side = await connectPostgres(settings.url, 'millrace relay');
    // One snapshot for the cursor and the rows.
    await side.query('BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY');
    const { rows } = await side.query<{ oldest: string; ledger: string | null }>(
      'SELECT txid_snapshot_xmin(txid_current_snapshot())::text AS oldest, to_regclass($1)::oid AS ledger',
      [table],
    );
    const cursor = rows[0]?.oldest ?? '';
    if (!rows[0]?.ledger) return { loads: [], cursor };
    const stored = await side.query<StoredLoad>(...loadsSince(table, cursor, request));
    return { loads: stored.rows.map((row) => toLoad(row, settings.connection)), cursor };
  } catch (error) {
    throw translatePostgresError(error, settings, `the ledger ${table}`);
  } finally {
    await side?.end().catch(() => undefined);
  }
}

function loadsSince(table: string, now: string, { cursor, since }: RecentLoadsRequest): [string, string[]] {
  const isUsable = cursor !== null && BigInt(cursor) <= BigInt(now);
  const from = cursor === null ? since : new Date(Date.now() - LOST_CURSOR_MS).toISOString();
  // `age` counts transactions back from now, also where their numbers have begun anew since the cursor. Rows so old that
  // theirs have begun anew since them are left out by their time.
  const condition = isUsable
    ? `age(load.xmin) BETWEEN 0 AND age((mod($1::bigint, 4294967296))::text::xid) AND load.committed_at > now() - interval '30 days'`
    : 'load.committed_at >= $1::timestamptz';
  const text = `SELECT ${LOAD_COLUMNS} FROM ${table} AS load WHERE load.superseded_by IS NULL AND ${condition} ORDER BY id`;
  return [text, [isUsable ? cursor : from]];
}
