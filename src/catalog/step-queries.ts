import type { Selectable } from 'kysely';
import type { StepId, StepKind, StepResult } from '../core/steps.js';
import type { QuarantineRow, RetryOf, StepInput, StepRow, StepStatus } from './facts.js';
import { earlierExecutions, findStoredRun } from './run-queries.js';
import { ancestorsOf, reusableSteps } from './step-lineage.js';
import type { CatalogSession, QualityReasonsTable, StepRunsTable } from './tables.js';

/** The deciding attempt of each step of a run in order of start, with the steps that it took over from an earlier run. */
export async function listSteps(db: CatalogSession, workflowId: string, runId: string): Promise<StepRow[]> {
  const own = await stepsOf(db, workflowId, runId);
  const rows = [...own, ...(await stepsTakenOver(db, workflowId, runId, own))];
  return rows.toSorted((a, b) => startOf(a).localeCompare(startOf(b)) || a.step.localeCompare(b.step));
}

/** Every attempt of a run's own steps, in order of start. */
export async function listAttempts(db: CatalogSession, workflowId: string, runId: string): Promise<StepRow[]> {
  const attempts = (await storedAttempts(db, workflowId, runId)).map((attempt) => ({
    ...toRow(attempt, undefined),
    attempts: attempt.attempt,
  }));
  return attempts.toSorted((a, b) => startOf(a).localeCompare(startOf(b)) || a.step.localeCompare(b.step));
}

/** The rejected rows of a run: where each validate step's deciding attempt put them, and why. */
export async function listQuarantine(db: CatalogSession, workflowId: string, runId: string): Promise<QuarantineRow[]> {
  const found: QuarantineRow[] = [];
  for (const step of await listSteps(db, workflowId, runId)) {
    const row = await quarantineOf(db, step);
    if (row) found.push(row);
  }
  return found;
}

async function stepsOf(db: CatalogSession, workflowId: string, runId: string): Promise<StepRow[]> {
  const attempts = await storedAttempts(db, workflowId, runId);
  const deciding = new Map<string, StepRow>();
  for (const attempt of attempts) {
    const before = deciding.get(attempt.step);
    deciding.set(attempt.step, toRow(attempt, before));
  }
  return [...deciding.values()];
}

function storedAttempts(db: CatalogSession, workflowId: string, runId: string): Promise<Selectable<StepRunsTable>[]> {
  return db
    .selectFrom('step_runs')
    .selectAll()
    .where('workflow_id', '=', workflowId)
    .where('run_id', '=', runId)
    .orderBy('attempt')
    .execute();
}

/** Steps of earlier runs that stand for this one's: what a retry reuses, or what a reset kept. */
async function stepsTakenOver(
  db: CatalogSession,
  workflowId: string,
  runId: string,
  own: readonly StepRow[],
): Promise<StepRow[]> {
  const run = await findStoredRun(db, workflowId, runId);
  if (!run) return [];
  const retryOf = run.retry_of === null ? null : (JSON.parse(run.retry_of) as RetryOf);
  const done = new Set<string>(own.map((row) => row.step));
  if (retryOf) {
    const earlier = await listSteps(db, retryOf.workflowId, retryOf.runId);
    return reusableSteps(earlier, retryOf.from).filter((row) => !done.has(row.step));
  }
  const offered: StepRow[] = [];
  for (const execution of await earlierExecutions(db, run)) {
    for (const row of await listSteps(db, workflowId, execution.run_id)) {
      if (row.status === 'done' && !done.has(row.step)) offered.push(row);
      done.add(row.step);
    }
  }
  // Nothing tells where a reset cut in. What fed the run's own steps was kept for certain; the rest was, once the run has
  // completed without doing it again.
  return run.status === 'completed' ? offered : ancestorsOf(own, offered);
}

async function quarantineOf(db: CatalogSession, step: StepRow): Promise<QuarantineRow | undefined> {
  const { workflowId, runId, attempt } = step;
  const row = await db
    .selectFrom('quarantine')
    .innerJoin('quality_results', (join) =>
      join
        .onRef('quality_results.workflow_id', '=', 'quarantine.workflow_id')
        .onRef('quality_results.run_id', '=', 'quarantine.run_id')
        .onRef('quality_results.step', '=', 'quarantine.step')
        .onRef('quality_results.attempt', '=', 'quarantine.attempt'),
    )
    .where('quarantine.workflow_id', '=', workflowId)
    .where('quarantine.run_id', '=', runId)
    .where('quarantine.step', '=', step.step)
    .where('quarantine.attempt', '=', attempt)
    .select(['quarantine.dataset_uri', 'quarantine.rejects_uri', 'quarantine.rows'])
    .select(['dataset', 'contract', 'contract_hash', 'rows_read', 'accepted'])
    .executeTakeFirst();
  if (!row) return undefined;
  return {
    workflowId,
    runId,
    step: step.step,
    attempt,
    dataset: row.dataset,
    datasetUri: row.dataset_uri,
    contract: row.contract,
    contractHash: row.contract_hash,
    rejects: row.rejects_uri,
    rows: row.rows,
    rowsRead: row.rows_read,
    accepted: row.accepted,
    reasons: (await reasonsOf(db, step)).map(({ code, path, message, rows }) => ({ code, path, message, rows })),
  };
}

async function reasonsOf(db: CatalogSession, step: StepRow): Promise<Selectable<QualityReasonsTable>[]> {
  return db
    .selectFrom('quality_reasons')
    .selectAll()
    .where('workflow_id', '=', step.workflowId)
    .where('run_id', '=', step.runId)
    .where('step', '=', step.step)
    .where('attempt', '=', step.attempt)
    .orderBy('position')
    .execute();
}

function toRow(row: Selectable<StepRunsTable>, before: StepRow | undefined): StepRow {
  return {
    workflowId: row.workflow_id,
    runId: row.run_id,
    step: row.step as StepId,
    kind: row.kind as StepKind,
    name: row.name,
    attempt: row.attempt,
    attempts: (before?.attempts ?? 0) + 1,
    status: row.status as StepStatus,
    startedAt: row.started_at,
    finishedAt: row.finished_at,
    workerIdentity: row.worker_identity,
    result: row.result === null ? null : (JSON.parse(row.result) as StepResult),
    inputs: JSON.parse(row.inputs) as StepInput[],
    skipped: row.skipped as StepId | null,
    error:
      row.error_code === null
        ? null
        : { code: row.error_code, message: row.error_message ?? '', willRetry: row.will_retry === 1 },
  };
}

function startOf(row: StepRow): string {
  return row.startedAt ?? row.finishedAt ?? '';
}
