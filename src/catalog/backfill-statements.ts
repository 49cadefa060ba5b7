import type { PartitionChange } from '../core/backfill.js';
import type { BackfillHead, BackfillRecorded } from './backfill-facts.js';
import type { CatalogSession } from './tables.js';

/** Rows of one statement: SQLite takes some 32,000 values in it. */
const ROWS_AT_ONCE = 500;

/** Keeps how a backfill stands, and the partitions of it that have changed. */
export async function recordBackfill(db: CatalogSession, { backfill, head, partitions }: BackfillRecorded): Promise<void> {
  if (head) await keepHead(db, backfill, head);
  for (let from = 0; from < partitions.length; from += ROWS_AT_ONCE) {
    await keepPartitions(db, backfill, partitions.slice(from, from + ROWS_AT_ONCE));
  }
}

async function keepHead(db: CatalogSession, backfill: string, head: BackfillHead): Promise<void> {
  const { request } = head;
  const current = {
    status: head.status,
    request: JSON.stringify(request),
    started_at: head.startedAt,
    finished_at: head.finishedAt,
    change: head.change,
    error_code: head.error?.code ?? null,
    error_message: head.error?.message ?? null,
  };
  await db
    .insertInto('backfills')
    .values({
      backfill,
      pipeline: request.pipeline,
      first_partition: request.from,
      last_partition: request.to,
      by: request.by,
      ...current,
    })
    .onConflict((conflict) => conflict.column('backfill').doUpdateSet(current).where('backfills.change', '<', head.change))
    .execute();
}

async function keepPartitions(db: CatalogSession, backfill: string, partitions: readonly PartitionChange[]): Promise<void> {
  await db
    .insertInto('backfill_partitions')
    .values(
      partitions.map((each) => ({
        backfill,
        partition: each.partition,
        status: each.status,
        run_id: each.runId ?? null,
        attempts: each.attempts,
        change: each.change,
        changed_at: each.at,
        error_code: each.code ?? null,
        error_message: each.message ?? null,
        note: each.note ?? null,
      })),
    )
    .onConflict((conflict) =>
      conflict
        .columns(['backfill', 'partition'])
        .doUpdateSet((row) => ({
          status: row.ref('excluded.status'),
          run_id: row.ref('excluded.run_id'),
          attempts: row.ref('excluded.attempts'),
          change: row.ref('excluded.change'),
          changed_at: row.ref('excluded.changed_at'),
          error_code: row.ref('excluded.error_code'),
          error_message: row.ref('excluded.error_message'),
          note: row.ref('excluded.note'),
        }))
        .whereRef('backfill_partitions.change', '<', 'excluded.change' as never),
    )
    .execute();
}
