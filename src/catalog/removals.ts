import { sql } from 'kysely';
import type { AgedRun } from '../core/retention.js';
import type { RunKey } from './facts.js';
import { isAfterRun } from './run-order.js';
import type { CatalogSession } from './tables.js';

/** Tables whose rows belong to a run. What people decided about it is not among them. */
const OF_RUNS = [
  'log_lines',
  'quality_reasons',
  'quality_results',
  'quarantine',
  'check_results',
  'loads',
  'run_holds',
  'step_runs',
  'runs',
] as const;

/** Removes runs, unless they have been told of since they were listed: their rows are read again in the transaction. */
export async function removeRuns(db: CatalogSession, runs: readonly AgedRun[]): Promise<Record<string, number>> {
  const removed: Record<string, number> = {};
  for (const { workflowId, runId, finishedAt } of runs) {
    const now = await ofRun(db.selectFrom('runs').select(['finished_at', 'load_scope']), {
      workflowId,
      runId,
    }).executeTakeFirst();
    if (now?.finished_at !== finishedAt || (await isTakenUp(db, now.load_scope))) continue;
    count(removed, 'schema_changes', await removeSchemaChanges(db, { workflowId, runId }));
    for (const table of OF_RUNS) {
      const { numDeletedRows } = await ofRun(db.deleteFrom(table), { workflowId, runId }).executeTakeFirst();
      count(removed, table, numDeletedRows);
    }
  }
  return removed;
}

/** A retry may have begun a moment ago: it needs what it takes over. */
async function isTakenUp(db: CatalogSession, scope: string | null): Promise<boolean> {
  if (scope === null) return false;
  const running = await db
    .selectFrom('runs')
    .select('run_id')
    .where('load_scope', '=', scope)
    .where('finished_at', 'is', null)
    .limit(1)
    .executeTakeFirst();
  return running !== undefined;
}

async function removeSchemaChanges(db: CatalogSession, run: RunKey): Promise<bigint> {
  const loads = db
    .selectFrom('loads')
    .select('load_id')
    .where('workflow_id', '=', run.workflowId)
    .where('run_id', '=', run.runId);
  return (await db.deleteFrom('schema_changes').where('load_id', 'in', loads).executeTakeFirst()).numDeletedRows;
}

/** Runs that ended before, by workflow id and run id. */
export async function listEndedRuns(
  db: CatalogSession,
  { before, after, limit }: { readonly before: string; readonly after?: RunKey | undefined; readonly limit: number },
): Promise<RunKey[]> {
  let query = db.selectFrom('runs').select(['workflow_id', 'run_id']).where('finished_at', '<', before);
  if (after) query = query.where(isAfterRun(after));
  const rows = await query.orderBy('workflow_id').orderBy('run_id').limit(limit).execute();
  return rows.map((row) => ({ workflowId: row.workflow_id, runId: row.run_id }));
}

export async function removeLogs(db: CatalogSession, runs: readonly RunKey[], dryRun: boolean): Promise<number> {
  let removed = 0;
  for (const run of runs) {
    if (dryRun) {
      const lines = ofRun(db.selectFrom('log_lines'), run).select(sql<number | string>`count(*)`.as('lines'));
      removed += Number((await lines.executeTakeFirst())?.lines ?? 0);
    } else removed += Number((await ofRun(db.deleteFrom('log_lines'), run).executeTakeFirst()).numDeletedRows);
  }
  return removed;
}

/** Removes loads that a rebuild has from a ledger alone, as nothing else knew of their runs any more. */
export async function removeLoadsAlone(db: CatalogSession, before: string, limit: number): Promise<Record<string, number>> {
  const alone = await db
    .selectFrom('loads')
    .select(['load_id', 'content'])
    .where('loaded_at', '<', before)
    .where((row) =>
      row.not(
        row.exists(
          row
            .selectFrom('runs')
            .select('runs.run_id')
            .whereRef('runs.workflow_id', '=', 'loads.workflow_id')
            .whereRef('runs.run_id', '=', 'loads.run_id'),
        ),
      ),
    )
    .orderBy('loaded_at')
    .limit(limit)
    .execute();
  const removed: Record<string, number> = {};
  for (const { load_id: id, content } of alone) {
    for (const table of ['schema_changes', 'loads'] as const) {
      const gone = db.deleteFrom(table).where('load_id', '=', id).where('content', '=', content);
      count(removed, table, (await gone.executeTakeFirst()).numDeletedRows);
    }
  }
  return removed;
}

/** A dataset stays while a step or a judgement names it, and while another one was made of it. */
export async function removeDatasets(db: CatalogSession, before: string, limit: number): Promise<number> {
  const unnamed = await db
    .selectFrom('datasets')
    .select('uri')
    .where('created_at', '<', before)
    .where((row) =>
      row.not(row.exists(row.selectFrom('step_runs').select('step').whereRef('step_runs.dataset_uri', '=', 'datasets.uri'))),
    )
    .where((row) =>
      row.not(row.exists(row.selectFrom('quarantine').select('step').whereRef('quarantine.dataset_uri', '=', 'datasets.uri'))),
    )
    .where((row) =>
      row.not(
        row.exists(row.selectFrom('dataset_parents').select('uri').whereRef('dataset_parents.parent_uri', '=', 'datasets.uri')),
      ),
    )
    .orderBy('uri')
    .limit(limit)
    .execute();
  const uris = unnamed.map(({ uri }) => uri);
  if (uris.length === 0) return 0;
  await db.deleteFrom('dataset_parents').where('uri', 'in', uris).execute();
  await db.deleteFrom('datasets').where('uri', 'in', uris).execute();
  return uris.length;
}

export async function removeBackfills(db: CatalogSession, before: string, limit: number): Promise<Record<string, number>> {
  const old = await db
    .selectFrom('backfills')
    .select('backfill')
    .where('finished_at', '<', before)
    .orderBy('backfill')
    .limit(limit)
    .execute();
  const ids = old.map(({ backfill }) => backfill);
  if (ids.length === 0) return {};
  const partitions = await db.deleteFrom('backfill_partitions').where('backfill', 'in', ids).executeTakeFirst();
  await db.deleteFrom('backfills').where('backfill', 'in', ids).execute();
  return { backfills: ids.length, backfill_partitions: Number(partitions.numDeletedRows) };
}

interface Filtered<Q> {
  where(column: 'workflow_id' | 'run_id', operator: '=', value: string): Q;
}

export function ofRun<Q>(query: Filtered<Q>, { workflowId, runId }: RunKey): Q {
  return (query.where('workflow_id', '=', workflowId) as Q & Filtered<Q>).where('run_id', '=', runId);
}

export function count(into: Record<string, number>, name: string, more: bigint | number | string): void {
  if (Number(more) > 0) into[name] = (into[name] ?? 0) + Number(more);
}
