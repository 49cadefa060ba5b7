import { sql, type ExpressionBuilder } from 'kysely';
import type { UntoldBackfill, UntoldFailure, UntoldRejects } from './alert-facts.js';
import type { CatalogDatabase } from './database.js';
import type { CatalogSession, CatalogTables } from './tables.js';

/** Keys of alerts that are raised for what the catalog knows. */
export const ALERT_KEYS = {
  failure: 'run-failed/',
  replaced: 'run-replaced/',
  rejects: 'rejects/',
  backfill: 'backfill-done/',
} as const;

/** Which share of rejected rows is an alert: of all pipelines but some, or of some. */
export interface RejectsBound {
  readonly share: number;
  readonly pipelines?: readonly string[];
  readonly except?: readonly string[];
}

/** What happened and nobody was told of. What was told has an alert of its key, so that it is not in these lists. */
export interface AlertSources {
  /** Since when somebody watches; the first time it is asked, that is now. */
  watchedSince(name: string, now: string): Promise<string>;
  /** Runs that failed, were terminated or timed out since; not those of a backfill, which tells of them itself. */
  listUntoldFailures(since: string, limit: number): Promise<UntoldFailure[]>;
  listUntoldRejects(since: string, bound: RejectsBound, limit: number): Promise<UntoldRejects[]>;
  listUntoldBackfills(since: string, limit: number): Promise<UntoldBackfill[]>;
}

export function alertSources(database: CatalogDatabase): AlertSources {
  return {
    watchedSince: (name, now) => database.write((db) => watchedSince(db, name, now)),
    listUntoldFailures: (since, limit) => database.read((db) => listUntoldFailures(db, since, limit)),
    listUntoldRejects: (since, bound, limit) => database.read((db) => listUntoldRejects(db, since, bound, limit)),
    listUntoldBackfills: (since, limit) => database.read((db) => listUntoldBackfills(db, since, limit)),
  };
}

async function watchedSince(db: CatalogSession, name: string, now: string): Promise<string> {
  await db
    .insertInto('alert_watches')
    .values({ name, began_at: now })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  const { began_at: began } = await db
    .selectFrom('alert_watches')
    .select('began_at')
    .where('name', '=', name)
    .executeTakeFirstOrThrow();
  return began;
}

async function listUntoldFailures(db: CatalogSession, since: string, limit: number): Promise<UntoldFailure[]> {
  const rows = await db
    .selectFrom('runs')
    .select(['workflow_id', 'run_id', 'pipeline', 'partition', 'owner', 'status', 'finished_at', 'error_code', 'error_message'])
    .where('status', 'in', ['failed', 'terminated', 'timed out', 'forgotten'])
    .where('finished_at', '>=', since)
    .where((row) => row.not(row.exists(alertOfRun(row))))
    .where((row) => row.not(row.exists(partitionOfBackfill(row))))
    .orderBy('finished_at')
    .limit(limit)
    .execute();
  return rows.map((row) => ({
    workflowId: row.workflow_id,
    runId: row.run_id,
    pipeline: row.pipeline,
    partition: row.partition,
    owner: row.owner,
    status: row.status,
    finishedAt: row.finished_at ?? '',
    error: row.error_code === null ? null : { code: row.error_code, message: row.error_message ?? '' },
  }));
}

type Row = ExpressionBuilder<CatalogTables, 'runs'>;

function alertOfRun(row: Row) {
  return row
    .selectFrom('alerts')
    .select('alerts.key')
    .where('alerts.key', 'in', [
      sql<string>`${ALERT_KEYS.failure} || runs.run_id`,
      sql<string>`${ALERT_KEYS.replaced} || runs.run_id`,
    ]);
}

/** A backfill tries a partition more than once, and its record has the latest run only: so the time tells. */
function partitionOfBackfill(row: Row) {
  return row
    .selectFrom('backfill_partitions')
    .innerJoin('backfills', 'backfills.backfill', 'backfill_partitions.backfill')
    .select('backfills.backfill')
    .whereRef('backfills.pipeline', '=', 'runs.pipeline')
    .whereRef('backfill_partitions.partition', '=', 'runs.partition')
    .where('backfill_partitions.status', '<>', 'left out')
    .whereRef('backfills.started_at', '<=', 'runs.started_at')
    .where((inner) =>
      inner.or([
        inner('backfills.finished_at', 'is', null),
        inner(sql.ref<string>('backfills.finished_at'), '>=', sql.ref<string>('runs.started_at')),
      ]),
    );
}

async function listUntoldRejects(
  db: CatalogSession,
  since: string,
  { share, pipelines, except = [] }: RejectsBound,
  limit: number,
): Promise<UntoldRejects[]> {
  if (pipelines?.length === 0) return [];
  let query = db
    .selectFrom('step_runs')
    .innerJoin('quality_results', (on) =>
      on
        .onRef('quality_results.workflow_id', '=', 'step_runs.workflow_id')
        .onRef('quality_results.run_id', '=', 'step_runs.run_id')
        .onRef('quality_results.step', '=', 'step_runs.step')
        .onRef('quality_results.attempt', '=', 'step_runs.attempt'),
    )
    .innerJoin('runs', (on) =>
      on.onRef('runs.workflow_id', '=', 'step_runs.workflow_id').onRef('runs.run_id', '=', 'step_runs.run_id'),
    )
    .select(['step_runs.workflow_id', 'step_runs.run_id', 'step_runs.step', 'step_runs.finished_at'])
    .select(['runs.pipeline', 'runs.partition', 'quality_results.rows_read', 'quality_results.rejected'])
    .where('step_runs.finished_at', '>=', since)
    .where('quality_results.rejected', '>', 0)
    .where(sql<boolean>`quality_results.rejected > cast(${share} as double precision) * quality_results.rows_read`)
    .where((row) =>
      row.not(
        row.exists(
          row
            .selectFrom('alerts')
            .select('alerts.key')
            .where('alerts.key', '=', sql<string>`${ALERT_KEYS.rejects} || step_runs.run_id || '/' || step_runs.step`),
        ),
      ),
    );
  if (pipelines) query = query.where('runs.pipeline', 'in', pipelines);
  if (except.length > 0) query = query.where('runs.pipeline', 'not in', except);
  const rows = await query.orderBy('step_runs.finished_at').limit(limit).execute();
  return rows.map((row) => ({
    workflowId: row.workflow_id,
    runId: row.run_id,
    pipeline: row.pipeline,
    partition: row.partition,
    step: row.step,
    finishedAt: row.finished_at ?? '',
    rowsRead: row.rows_read,
    rejected: row.rejected,
  }));
}

async function listUntoldBackfills(db: CatalogSession, since: string, limit: number): Promise<UntoldBackfill[]> {
  const rows = await db
    .selectFrom('backfills')
    .select(['backfill', 'finished_at'])
    .where('status', 'in', ['completed', 'failed'])
    .where('finished_at', '>=', since)
    .where((row) =>
      row.not(
        row.exists(
          row
            .selectFrom('alerts')
            .select('alerts.key')
            .where('alerts.key', '=', sql<string>`${ALERT_KEYS.backfill} || backfills.backfill || '/' || backfills.finished_at`),
        ),
      ),
    )
    .orderBy('finished_at')
    .limit(limit)
    .execute();
  return rows.map(({ backfill, finished_at: finishedAt }) => ({ backfill, finishedAt: finishedAt ?? '' }));
}
