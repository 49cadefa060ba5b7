import type { Expression, ExpressionBuilder, OrderByItemBuilder, Selectable, SqlBool } from 'kysely';
import type { RunChanges } from '../core/admission.js';
import type { RunHolds } from '../core/steering.js';
import type { RetryOf, RunRow, RunStatus } from './facts.js';
import type { RunFilter, RunPlace } from './run-filter.js';
import type { CatalogSession, CatalogTables, RunsTable } from './tables.js';

type StoredRun = Selectable<RunsTable>;
type HeldRun = StoredRun & { readonly holds: string | null };

/** One run, or the latest of its workflow id. */
export async function findRun(db: CatalogSession, workflowId: string, runId?: string): Promise<RunRow | undefined> {
  let query = withHolds(db).where('workflow_id', '=', workflowId);
  query =
    runId === undefined
      ? query.orderBy('started_at', latestFirst).orderBy('run_id', 'desc').limit(1)
      : query.where('run_id', '=', runId);
  const stored = await query.executeTakeFirst();
  return stored && toRow(stored, await originOf(db, stored));
}

/** Runs, latest first. */
export async function listRuns(db: CatalogSession, filter: RunFilter): Promise<RunRow[]> {
  const { pipelines, statuses, since, until, after } = filter;
  if (pipelines?.length === 0) return [];
  let query = withHolds(db);
  for (const column of ['pipeline', 'partition', 'owner'] as const) {
    const value = filter[column];
    if (value !== undefined) query = query.where(column, '=', value);
  }
  if (pipelines) query = query.where('pipeline', 'in', pipelines);
  if (statuses) query = query.where('status', 'in', statuses);
  if (since !== undefined) query = query.where('started_at', '>=', since);
  if (until !== undefined) query = query.where('started_at', '<', until);
  if (after) query = query.where((row) => isBehind(row, after));
  const stored = await query.orderBy('started_at', latestFirst).orderBy('run_id', 'desc').limit(filter.limit).execute();
  const rows: RunRow[] = [];
  for (const run of stored) rows.push(toRow(run, await originOf(db, run)));
  return rows;
}

/** One run as it is stored. */
export function findStoredRun(db: CatalogSession, workflowId: string, runId: string): Promise<StoredRun | undefined> {
  return db.selectFrom('runs').selectAll().where('workflow_id', '=', workflowId).where('run_id', '=', runId).executeTakeFirst();
}

/**
 * The executions that a run made by a reset may have taken steps over from, latest first: earlier ones of its workflow id
 * and load scope, back to the one that said that it started. Empty for any other run.
 */
export async function earlierExecutions(db: CatalogSession, run: StoredRun): Promise<StoredRun[]> {
  if (run.announced === 1 || run.load_scope === null || run.started_at === null) return [];
  const earlier = await db
    .selectFrom('runs')
    .selectAll()
    .where('workflow_id', '=', run.workflow_id)
    .where('load_scope', '=', run.load_scope)
    .where('started_at', '<=', run.started_at)
    .where('run_id', '<>', run.run_id)
    .orderBy('started_at', 'desc')
    .orderBy('run_id', 'desc')
    .execute();
  const origin = earlier.findIndex((candidate) => candidate.announced === 1);
  return origin === -1 ? [] : earlier.slice(0, origin + 1);
}

async function originOf(db: CatalogSession, run: StoredRun): Promise<StoredRun | undefined> {
  return (await earlierExecutions(db, run)).at(-1);
}

function isBehind(row: ExpressionBuilder<CatalogTables, 'runs'>, { startedAt, runId }: RunPlace): Expression<SqlBool> {
  // Those whose start nobody has told are the last ones.
  if (startedAt === null) return row.and([row('started_at', 'is', null), row('run_id', '<', runId)]);
  return row.or([
    row('started_at', 'is', null),
    row('started_at', '<', startedAt),
    row.and([row('started_at', '=', startedAt), row('run_id', '<', runId)]),
  ]);
}

// Without it the databases differ on where a run stands whose start nobody has told.
const latestFirst = (order: OrderByItemBuilder): OrderByItemBuilder => order.desc().nullsLast();

// A subquery, since the columns of a join would have one name twice.
function withHolds(db: CatalogSession) {
  return db
    .selectFrom('runs')
    .selectAll()
    .select((row) =>
      row
        .selectFrom('run_holds')
        .select('run_holds.holds')
        .whereRef('run_holds.workflow_id', '=', 'runs.workflow_id')
        .whereRef('run_holds.run_id', '=', 'runs.run_id')
        .as('holds'),
    );
}

// What held a run is no longer true of it once it has ended.
function holdsOf({ status, holds }: HeldRun): Pick<RunRow, 'paused' | 'waiting'> {
  if (status !== 'running' || holds === null) return { paused: null, waiting: [] };
  const { paused = null, waiting } = JSON.parse(holds) as RunHolds;
  return { paused, waiting };
}

function toRow(run: HeldRun, origin: StoredRun | undefined): RunRow {
  const told = origin ?? run;
  return {
    workflowId: run.workflow_id,
    runId: run.run_id,
    firstRunId: told.first_run_id,
    pipeline: run.pipeline,
    partition: run.partition,
    params: fromJson(told.params),
    owner: told.owner,
    loadScope: run.load_scope,
    taskQueue: told.task_queue,
    workerIdentity: run.worker_identity,
    namespace: run.namespace,
    retryOf: fromJson(told.retry_of) as RetryOf | null,
    resetOf: origin?.run_id ?? null,
    status: run.status as RunStatus,
    startedAt: run.started_at,
    finishedAt: run.finished_at,
    error: run.error_code === null ? null : { code: run.error_code, message: run.error_message ?? '' },
    result: fromJson(run.result),
    code: told.code,
    version: told.version,
    changes: fromJson(told.changes) as RunChanges | null,
    ...holdsOf(run),
  };
}

function fromJson(text: string | null): unknown {
  return text === null ? null : JSON.parse(text);
}
