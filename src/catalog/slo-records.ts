import { sql, type Selectable } from 'kysely';
import type { EndedRun, SloKind, SloStateRow } from './alert-facts.js';
import type { SloStatesTable } from './alert-tables.js';
import type { CatalogDatabase } from './database.js';
import type { CatalogSession } from './tables.js';

/** Which run is looked for: the one that completed first. */
export interface CompletedFilter {
  readonly pipeline: string;
  readonly partition?: string;
  /** Only those that started then or later. */
  readonly startedSince?: string;
  /** Only those that completed later. */
  readonly finishedAfter?: string;
}

/** How the promises of pipelines stand, and what they are judged by. */
export interface SloRecords {
  /** As who watches them saw them last. */
  listSloStates(): Promise<SloStateRow[]>;
  recordSloStates(states: readonly SloStateRow[]): Promise<void>;
  /** Runs of a pipeline that came to an end by themselves since, the earliest first. */
  listRunsEndedSince(pipeline: string, since: string, limit: number): Promise<EndedRun[]>;
  /** The run that completed first of those that fit. */
  firstCompleted(filter: CompletedFilter): Promise<EndedRun | undefined>;
  /** When a run of the pipeline last completed, or one that runs has loaded rows; null where none ever did. */
  lastFresh(pipeline: string): Promise<string | null>;
}

export function sloRecords(database: CatalogDatabase): SloRecords {
  return {
    listSloStates: () => database.read(listSloStates),
    recordSloStates: (states) => database.write((db) => recordSloStates(db, states)),
    listRunsEndedSince: (pipeline, since, limit) => database.read((db) => listRunsEndedSince(db, pipeline, since, limit)),
    firstCompleted: (filter) => database.read((db) => firstCompleted(db, filter)),
    lastFresh: (pipeline) => database.read((db) => lastFresh(db, pipeline)),
  };
}

async function listSloStates(db: CatalogSession): Promise<SloStateRow[]> {
  return (await db.selectFrom('slo_states').selectAll().orderBy('pipeline').orderBy('slo').execute()).map(stateOf);
}

function stateOf(row: Selectable<SloStatesTable>): SloStateRow {
  return {
    pipeline: row.pipeline,
    slo: row.slo as SloKind,
    bound: row.bound,
    watchedSince: row.watched_since,
    checkedAt: row.checked_at,
    state: row.state as SloStateRow['state'],
    since: row.since,
    subject: row.subject,
    lastAt: row.last_at,
    nextAt: row.next_at,
  };
}

async function recordSloStates(db: CatalogSession, states: readonly SloStateRow[]): Promise<void> {
  for (const each of states) {
    const { pipeline, slo, bound, watchedSince, checkedAt, state, since, subject, lastAt, nextAt } = each;
    const current = {
      bound,
      watched_since: watchedSince,
      checked_at: checkedAt,
      state,
      since,
      subject,
      last_at: lastAt,
      next_at: nextAt,
    };
    await db
      .insertInto('slo_states')
      .values({ pipeline, slo, ...current })
      .onConflict((conflict) => conflict.columns(['pipeline', 'slo']).doUpdateSet(current))
      .execute();
  }
}

const ended = (db: CatalogSession, pipeline: string) =>
  db
    .selectFrom('runs')
    .select(['workflow_id', 'run_id', 'partition', 'status', 'started_at', 'finished_at'])
    .where('pipeline', '=', pipeline)
    .where('started_at', 'is not', null)
    .where('finished_at', 'is not', null);

type StoredEnd = Awaited<ReturnType<ReturnType<typeof ended>['executeTakeFirstOrThrow']>>;

function endOf(row: StoredEnd): EndedRun {
  return {
    workflowId: row.workflow_id,
    runId: row.run_id,
    partition: row.partition,
    status: row.status,
    startedAt: row.started_at ?? '',
    finishedAt: row.finished_at ?? '',
  };
}

async function listRunsEndedSince(db: CatalogSession, pipeline: string, since: string, limit: number): Promise<EndedRun[]> {
  const query = ended(db, pipeline)
    .where('status', 'in', ['completed', 'failed', 'timed out'])
    .where('finished_at', '>=', since)
    .orderBy('finished_at');
  return (await query.limit(limit).execute()).map(endOf);
}

async function firstCompleted(db: CatalogSession, filter: CompletedFilter): Promise<EndedRun | undefined> {
  const { pipeline, partition, startedSince, finishedAfter } = filter;
  let query = ended(db, pipeline).where('status', '=', 'completed');
  if (partition !== undefined) query = query.where('partition', '=', partition);
  if (startedSince !== undefined) query = query.where('started_at', '>=', startedSince);
  if (finishedAfter !== undefined) query = query.where('finished_at', '>', finishedAfter);
  const row = await query.orderBy('finished_at').limit(1).executeTakeFirst();
  return row && endOf(row);
}

async function lastFresh(db: CatalogSession, pipeline: string): Promise<string | null> {
  const completed = await db
    .selectFrom('runs')
    .select(({ fn }) => fn.max('finished_at').as('at'))
    .where('pipeline', '=', pipeline)
    .where('status', '=', 'completed')
    .executeTakeFirst();
  // What a run has loaded that failed afterwards is no whole.
  const loaded = await db
    .selectFrom('loads')
    .innerJoin('runs', (on) => on.onRef('runs.workflow_id', '=', 'loads.workflow_id').onRef('runs.run_id', '=', 'loads.run_id'))
    .select(sql<string | null>`max(loads.loaded_at)`.as('at'))
    .where('runs.pipeline', '=', pipeline)
    .where('runs.status', '=', 'running')
    .executeTakeFirst();
  const times = [completed?.at, loaded?.at].filter((at) => typeof at === 'string');
  return times.toSorted().at(-1) ?? null;
}
