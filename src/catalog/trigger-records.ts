import { sql, type Selectable } from 'kysely';
import type { TriggerEvaluation, TriggerKind, TriggerOutcome } from '../core/trigger.js';
import type { CatalogDatabase } from './database.js';
import type { CatalogSession } from './tables.js';
import type { TriggerEvaluationsTable } from './trigger-tables.js';

/** An evaluation, with those right after it that came to the same. */
export interface TriggerEvaluationRow extends TriggerEvaluation {
  /** When the first of them was; `at` is the latest. */
  readonly firstAt: string;
  readonly times: number;
  /** Of the latest: where a list goes on. */
  readonly lastId: string;
}

export interface TriggerEvaluationFilter {
  readonly trigger: string;
  /** Null for those without one. @default all */
  readonly partition?: string | null;
  readonly outcome?: TriggerOutcome;
  /** Of the last one that was seen. */
  readonly after?: string;
  readonly limit: number;
}

/** What the catalog keeps of triggers. Nothing else knows of it. */
export interface TriggerRecords {
  /**
   * Keeps evaluations, in their order. One that comes to the same as the one before of its partition is counted with it,
   * unless it started a run. One that is known already changes nothing.
   */
  recordTriggerEvaluations(evaluations: readonly TriggerEvaluation[]): Promise<void>;
  /** The latest first. */
  listTriggerEvaluations(filter: TriggerEvaluationFilter): Promise<TriggerEvaluationRow[]>;
  /** The partitions whose latest evaluation says that the trigger waits, the one that changed last first. */
  listWaitingTriggers(trigger: string, limit: number): Promise<TriggerEvaluationRow[]>;
  /** What somebody who looks again and again has noted to go on from: JSON. */
  readTriggerMark(name: string): Promise<string | undefined>;
  writeTriggerMark(name: string, value: string): Promise<void>;
  dropTriggerMark(name: string): Promise<void>;
}

export function triggerRecords(database: CatalogDatabase): TriggerRecords {
  return {
    recordTriggerEvaluations: (evaluations) =>
      database.write(async (db) => {
        for (const each of evaluations) await recordEvaluation(db, each);
      }),
    listTriggerEvaluations: (filter) => database.read((db) => listEvaluations(db, filter)),
    listWaitingTriggers: (trigger, limit) => database.read((db) => listWaiting(db, trigger, limit)),
    readTriggerMark: (name) => database.read((db) => readMark(db, name)),
    writeTriggerMark: (name, value) => database.write((db) => writeMark(db, name, value)),
    dropTriggerMark: (name) =>
      database.write(async (db) => void (await db.deleteFrom('trigger_marks').where('name', '=', name).execute())),
  };
}

async function recordEvaluation(db: CatalogSession, evaluation: TriggerEvaluation): Promise<void> {
  const { trigger, id, partition, outcome, at } = evaluation;
  const last = await latestOf(db, evaluation);
  if (last && last.last_id >= id) return;
  if (last && isSame(last, evaluation)) {
    await db
      .updateTable('trigger_evaluations')
      .set({ last_id: id, at, times: last.times + 1 })
      .where('trigger', '=', trigger)
      .where('id', '=', last.id)
      .execute();
    return;
  }
  await db
    .insertInto('trigger_evaluations')
    .values({
      trigger,
      id,
      last_id: id,
      pipeline: evaluation.pipeline,
      kind: evaluation.kind,
      partition,
      first_at: at,
      at,
      times: 1,
      outcome,
      code: evaluation.code,
      reason: evaluation.reason,
      inputs: JSON.stringify(evaluation.inputs),
      workflow_id: evaluation.workflowId,
      run_id: evaluation.runId,
    })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

async function latestOf(db: CatalogSession, { trigger, kind, partition }: TriggerEvaluation) {
  return db
    .selectFrom('trigger_evaluations')
    .selectAll()
    .where('trigger', '=', trigger)
    .where('kind', '=', kind)
    .where('partition', partition === null ? 'is' : '=', partition)
    .orderBy('last_id', 'desc')
    .limit(1)
    .executeTakeFirst();
}

function isSame(last: Selectable<TriggerEvaluationsTable>, evaluation: TriggerEvaluation): boolean {
  const { outcome, code, reason, inputs } = evaluation;
  return (
    outcome !== 'started' &&
    last.outcome === outcome &&
    last.code === code &&
    last.reason === reason &&
    last.inputs === JSON.stringify(inputs)
  );
}

async function listEvaluations(db: CatalogSession, filter: TriggerEvaluationFilter): Promise<TriggerEvaluationRow[]> {
  const { trigger, partition, outcome, after, limit } = filter;
  let query = db.selectFrom('trigger_evaluations').selectAll().where('trigger', '=', trigger);
  if (partition !== undefined) query = query.where('partition', partition === null ? 'is' : '=', partition);
  if (outcome !== undefined) query = query.where('outcome', '=', outcome);
  if (after !== undefined) query = query.where('last_id', '<', after);
  return (await query.orderBy('last_id', 'desc').limit(limit).execute()).map(toRow);
}

async function listWaiting(db: CatalogSession, trigger: string, limit: number): Promise<TriggerEvaluationRow[]> {
  const ranked = db
    .selectFrom('trigger_evaluations')
    .selectAll()
    .select(sql<number>`row_number() over (partition by kind, "partition" order by last_id desc)`.as('place'))
    .where('trigger', '=', trigger)
    .as('ranked');
  const rows = await db
    .selectFrom(ranked)
    .selectAll('ranked')
    .where('ranked.place', '=', 1)
    .where('ranked.outcome', '=', 'waiting')
    .orderBy('ranked.last_id', 'desc')
    .limit(limit)
    .execute();
  return rows.map(toRow);
}

function toRow(row: Selectable<TriggerEvaluationsTable>): TriggerEvaluationRow {
  return {
    trigger: row.trigger,
    id: row.id,
    lastId: row.last_id,
    pipeline: row.pipeline,
    kind: row.kind as TriggerKind,
    partition: row.partition,
    firstAt: row.first_at,
    at: row.at,
    times: row.times,
    outcome: row.outcome as TriggerOutcome,
    code: row.code,
    reason: row.reason,
    inputs: JSON.parse(row.inputs) as string[],
    workflowId: row.workflow_id,
    runId: row.run_id,
  };
}

async function readMark(db: CatalogSession, name: string): Promise<string | undefined> {
  const row = await db.selectFrom('trigger_marks').select('value').where('name', '=', name).executeTakeFirst();
  return row?.value;
}

async function writeMark(db: CatalogSession, name: string, value: string): Promise<void> {
  const row = { name, value, saved_at: new Date().toISOString() };
  await db
    .insertInto('trigger_marks')
    .values(row)
    .onConflict((conflict) => conflict.column('name').doUpdateSet(row))
    .execute();
}
