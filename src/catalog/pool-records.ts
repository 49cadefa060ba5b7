import type { Selectable } from 'kysely';
import type { HeldSlot, PoolTold, QueuedSlot } from '../core/pools.js';
import type { CatalogDatabase } from './database.js';
import type { PoolsTable } from './pool-tables.js';
import type { CatalogSession } from './tables.js';

/** A pool as it last told of itself. */
export interface PoolRow extends PoolTold {
  /** The pool's workflow, and the execution that told. */
  readonly poolId: string;
  readonly runId: string;
}

/** How pools stand: a projection, but for one that was terminated and can't be asked any more. */
export interface PoolRecords {
  /** A word that comes late changes nothing. */
  recordPool(row: PoolRow): Promise<void>;
  findPool(poolId: string): Promise<PoolRow | undefined>;
  /** Those whose ids begin so, by name. */
  listPools(prefix: string): Promise<PoolRow[]>;
}

export function poolRecords(database: CatalogDatabase): PoolRecords {
  return {
    recordPool: (row) => database.write((db) => recordPool(db, row)),
    findPool: (poolId) => database.read((db) => findPool(db, poolId)),
    listPools: (prefix) => database.read((db) => listPools(db, prefix)),
  };
}

async function recordPool(db: CatalogSession, row: PoolRow): Promise<void> {
  const stands = {
    run_id: row.runId,
    slots: row.slots,
    held: JSON.stringify(row.held),
    queued: JSON.stringify(row.queued),
    queued_in_all: row.queuedInAll,
    change: row.change,
    told_at: row.at,
  };
  await db
    .insertInto('pools')
    .values({ pool_id: row.poolId, pool: row.pool, ...stands })
    .onConflict((conflict) =>
      conflict
        .column('pool_id')
        .doUpdateSet(stands)
        .where((is) =>
          is.or([
            is('pools.told_at', '<', row.at),
            is.and([is('pools.told_at', '=', row.at), is('pools.change', '<=', row.change)]),
          ]),
        ),
    )
    .execute();
}

async function findPool(db: CatalogSession, poolId: string): Promise<PoolRow | undefined> {
  const row = await db.selectFrom('pools').selectAll().where('pool_id', '=', poolId).executeTakeFirst();
  return row && toPool(row);
}

async function listPools(db: CatalogSession, prefix: string): Promise<PoolRow[]> {
  const rows = await db.selectFrom('pools').selectAll().orderBy('pool').execute();
  return rows.filter(({ pool_id: id }) => id.startsWith(prefix)).map(toPool);
}

function toPool(row: Selectable<PoolsTable>): PoolRow {
  return {
    poolId: row.pool_id,
    pool: row.pool,
    runId: row.run_id,
    slots: row.slots,
    held: JSON.parse(row.held) as HeldSlot[],
    queued: JSON.parse(row.queued) as QueuedSlot[],
    queuedInAll: row.queued_in_all,
    change: row.change,
    at: row.told_at,
  };
}
