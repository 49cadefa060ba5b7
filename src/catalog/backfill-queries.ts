import { sql, type Selectable } from 'kysely';
import { countPartitions, type BackfillRequest, type BackfillStatus, type PartitionStatus } from '../core/backfill.js';
import type { BackfillFilter, BackfillPartitionRow, BackfillRow, PartitionRange, PartitionRunRow } from './backfill-facts.js';
import type { BackfillsTable } from './backfill-tables.js';
import type { CatalogSession } from './tables.js';

export async function findBackfill(db: CatalogSession, backfill: string): Promise<BackfillRow | undefined> {
  const stored = await db.selectFrom('backfills').selectAll().where('backfill', '=', backfill).executeTakeFirst();
  return stored && (await withCounts(db, [stored]))[0];
}

/** Backfills, latest first. */
export async function listBackfills(db: CatalogSession, filter: BackfillFilter): Promise<BackfillRow[]> {
  const { pipelines, status, after } = filter;
  if (pipelines?.length === 0) return [];
  let query = db.selectFrom('backfills').selectAll();
  if (pipelines) query = query.where('pipeline', 'in', pipelines);
  if (status !== undefined) query = query.where('status', '=', status);
  if (after) {
    query = query.where((row) =>
      row.or([
        row('started_at', '<', after.startedAt),
        row.and([row('started_at', '=', after.startedAt), row('backfill', '<', after.backfill)]),
      ]),
    );
  }
  const stored = await query.orderBy('started_at', 'desc').orderBy('backfill', 'desc').limit(filter.limit).execute();
  return withCounts(db, stored);
}

/** The partitions of a backfill, in their order. */
export async function listBackfillPartitions(db: CatalogSession, backfill: string): Promise<BackfillPartitionRow[]> {
  const stored = await db
    .selectFrom('backfill_partitions')
    .selectAll()
    .where('backfill', '=', backfill)
    .orderBy('partition')
    .execute();
  return stored.map((row) => ({
    partition: row.partition,
    status: row.status as PartitionStatus,
    runId: row.run_id,
    attempts: row.attempts,
    changedAt: row.changed_at,
    error: errorOf(row),
    note: row.note,
  }));
}

/** The latest run of each partition of a range, with the rows that it loaded. */
export async function latestRunsOf(db: CatalogSession, { pipeline, from, to }: PartitionRange): Promise<PartitionRunRow[]> {
  const ranked = db
    .selectFrom('runs')
    .select(['partition', 'workflow_id', 'run_id', 'status', 'started_at'])
    .select(
      sql<number>`row_number() over (partition by "partition" order by started_at desc nulls last, run_id desc)`.as('place'),
    )
    .where('pipeline', '=', pipeline)
    .where('partition', '>=', from)
    .where('partition', '<=', to)
    .as('ranked');
  const rows = await db
    .selectFrom(ranked)
    .selectAll('ranked')
    .select((row) =>
      row
        .selectFrom('loads')
        .select(({ fn }) => fn.sum<number | string | null>('loads.rows').as('rows'))
        .whereRef('loads.workflow_id', '=', 'ranked.workflow_id')
        .whereRef('loads.run_id', '=', 'ranked.run_id')
        .as('rows'),
    )
    .where('ranked.place', '=', 1)
    .execute();
  return rows.map((row) => ({
    partition: row.partition ?? '',
    workflowId: row.workflow_id,
    runId: row.run_id,
    status: row.status,
    startedAt: row.started_at,
    rows: row.rows === null ? null : Number(row.rows),
  }));
}

/** How long the latest completed runs of a pipeline took. */
export async function runDurations(db: CatalogSession, pipeline: string, limit: number): Promise<number[]> {
  const rows = await db
    .selectFrom('runs')
    .select(['started_at', 'finished_at'])
    .where('pipeline', '=', pipeline)
    .where('status', '=', 'completed')
    .where('started_at', 'is not', null)
    .where('finished_at', 'is not', null)
    .orderBy('started_at', 'desc')
    .limit(limit)
    .execute();
  return rows.map((row) => Date.parse(row.finished_at ?? '') - Date.parse(row.started_at ?? ''));
}

async function withCounts(db: CatalogSession, stored: readonly Selectable<BackfillsTable>[]): Promise<BackfillRow[]> {
  if (stored.length === 0) return [];
  const counted = await db
    .selectFrom('backfill_partitions')
    .select(['backfill', 'status'])
    .select(({ fn }) => [fn.countAll<number | string>().as('partitions'), fn.max('change').as('latest')])
    .where(
      'backfill',
      'in',
      stored.map(({ backfill }) => backfill),
    )
    .groupBy(['backfill', 'status'])
    .execute();
  return stored.map((row) => {
    const own = counted.filter(({ backfill }) => backfill === row.backfill);
    const numberOf = (status: PartitionStatus): number => Number(own.find((each) => each.status === status)?.partitions ?? 0);
    const counts = Object.fromEntries(
      Object.keys(countPartitions([])).map((status) => [status, numberOf(status as PartitionStatus)]),
    );
    return {
      backfill: row.backfill,
      request: JSON.parse(row.request) as BackfillRequest,
      status: row.status as BackfillStatus,
      startedAt: row.started_at,
      finishedAt: row.finished_at,
      error: errorOf(row),
      counts: counts as unknown as BackfillRow['counts'],
      leftOut: numberOf('left out'),
      change: Math.max(row.change, ...own.map(({ latest }) => latest ?? 0)),
    };
  });
}

function errorOf(row: { readonly error_code: string | null; readonly error_message: string | null }): BackfillRow['error'] {
  return row.error_code === null ? null : { code: row.error_code, message: row.error_message ?? '' };
}
