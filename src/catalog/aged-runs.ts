import { sql } from 'kysely';
import type { AgedRun } from '../core/retention.js';
import type { CatalogSession } from './tables.js';

/** Runs that take steps over from one another, or one run alone. */
export interface AgedScope {
  readonly scope: string;
  readonly runs: readonly AgedRun[];
}

export interface AgedScopeFilter {
  /** ISO: all runs of a scope ended before. */
  readonly before: string;
  /** Only scopes after this one. */
  readonly after?: string | undefined;
  readonly limit: number;
}

/** Scopes whose runs have all ended before, with their runs. */
export async function listAgedScopes(db: CatalogSession, { before, after, limit }: AgedScopeFilter): Promise<AgedScope[]> {
  // A run that goes on has no end: it is younger than any time. Digits, since letters sort as the database's collation wants.
  const youngest = sql<string>`max(coalesce(finished_at, '9999-12-31'))`;
  let query = db.selectFrom('runs').select('load_scope').where('load_scope', 'is not', null);
  if (after !== undefined) query = query.where('load_scope', '>', after);
  const scopes = await query
    .groupBy('load_scope')
    .having(sql<boolean>`${youngest} < ${before}`)
    .orderBy('load_scope')
    .limit(limit)
    .execute();
  const names = scopes.flatMap(({ load_scope: scope }) => (scope === null ? [] : [scope]));
  if (names.length === 0) return [];
  const runs = await runsOf(db, names);
  return names.map((scope) => ({
    scope,
    runs: runs.filter((run) => run.scope === scope).map(({ scope: _scope, ...run }) => run),
  }));
}

async function runsOf(db: CatalogSession, scopes: readonly string[]): Promise<(AgedRun & { readonly scope: string })[]> {
  const rows = await db
    .selectFrom('runs')
    .where('load_scope', 'in', scopes)
    .select(['workflow_id', 'run_id', 'load_scope', 'finished_at', 'archive', 'status', 'pipeline', 'partition', 'started_at'])
    .select((row) =>
      row
        .selectFrom('quarantine')
        .select(sql<number>`1`.as('one'))
        .whereRef('quarantine.workflow_id', '=', 'runs.workflow_id')
        .whereRef('quarantine.run_id', '=', 'runs.run_id')
        .limit(1)
        .as('rejects'),
    )
    .select((row) =>
      row
        .selectFrom('backfill_partitions')
        .innerJoin('backfills', 'backfills.backfill', 'backfill_partitions.backfill')
        .select(sql<number>`1`.as('one'))
        .whereRef('backfill_partitions.partition', '=', 'runs.partition')
        .whereRef('backfill_partitions.run_id', '=', 'runs.run_id')
        .where('backfills.finished_at', 'is', null)
        .limit(1)
        .as('in_backfill'),
    )
    .execute();
  const found: (AgedRun & { readonly scope: string })[] = [];
  for (const row of rows) {
    found.push({
      scope: row.load_scope ?? '',
      workflowId: row.workflow_id,
      runId: row.run_id,
      finishedAt: row.finished_at ?? '',
      rejects: row.rejects !== null,
      unarchived: row.archive === null,
      inBackfill: row.in_backfill !== null,
      latest: row.status === 'completed' && (await isLatest(db, row)),
    });
  }
  return found;
}

type Completed = { readonly run_id: string; readonly pipeline: string | null; readonly partition: string | null };

/** Whether no later run of the pipeline and partition has completed. */
async function isLatest(db: CatalogSession, { run_id: runId, pipeline, partition }: Completed): Promise<boolean> {
  if (pipeline === null) return false;
  const latest = await db
    .selectFrom('runs')
    .select('run_id')
    .where('pipeline', '=', pipeline)
    .where('partition', partition === null ? 'is' : '=', partition)
    .where('status', '=', 'completed')
    .orderBy('started_at', 'desc')
    .orderBy('run_id', 'desc')
    .limit(1)
    .executeTakeFirst();
  return latest?.run_id === runId;
}
