import type { Selectable } from 'kysely';
import type { CheckKind, CheckResult, CheckSeverity } from '../core/checks.js';
import type { StepId } from '../core/steps.js';
import type { AuditOverride, ChecksRecorded, CheckHistoryRequest, CheckResultRow } from './check-facts.js';
import type { StepKey } from './facts.js';
import { listSteps } from './step-queries.js';
import type { CatalogSession, CheckResultsTable } from './tables.js';

/** Writes what the checks of an attempt found. The first to say it counts. */
export async function recordCheckResults(
  db: CatalogSession,
  key: StepKey,
  { results, run, runStartedAt, judgedAt }: ChecksRecorded,
): Promise<void> {
  if (results.length === 0) return;
  await db
    .insertInto('check_results')
    .values(
      results.map((result, position) => ({
        workflow_id: key.workflowId,
        run_id: key.runId,
        step: key.step,
        attempt: key.attempt,
        position,
        pipeline: run?.pipeline ?? null,
        partition: run?.partition ?? null,
        load_scope: run?.loadScope ?? null,
        run_started_at: runStartedAt ?? null,
        check_set: result.set,
        name: result.name,
        kind: result.kind,
        input: result.input,
        severity: result.severity,
        passed: result.passed ? 1 : 0,
        overridden: result.overridden === true ? 1 : 0,
        observed: result.observed,
        bound: result.bound,
        value: result.value === null ? null : String(result.value),
        examples: JSON.stringify(result.examples),
        judged_at: judgedAt,
      })),
    )
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

/** What the checks of a run found, by the deciding attempt of each step, in the order of the steps and of the checks. */
export async function listCheckResults(db: CatalogSession, workflowId: string, runId: string): Promise<CheckResultRow[]> {
  const found: CheckResultRow[] = [];
  for (const step of await listSteps(db, workflowId, runId)) {
    const rows = await db
      .selectFrom('check_results')
      .selectAll()
      .where('workflow_id', '=', step.workflowId)
      .where('run_id', '=', step.runId)
      .where('step', '=', step.step)
      .where('attempt', '=', step.attempt)
      .orderBy('position')
      .execute();
    found.push(...rows.map(toRow));
  }
  return found;
}

/**
 * The values that a check found in earlier runs, latest first: one of each partition, or of each run of a pipeline without
 * any; only of checks that passed or were overridden; none of the run's own, of those it retries, or of its partition.
 */
export async function checkHistory(db: CatalogSession, request: CheckHistoryRequest): Promise<number[]> {
  const { pipeline, step, set, name, loadScope, partition, before, limit } = request;
  let query = db
    .selectFrom('check_results')
    .select(['workflow_id', 'load_scope', 'partition', 'value'])
    .where('pipeline', '=', pipeline)
    .where('step', '=', step)
    .where('check_set', '=', set)
    .where('name', '=', name)
    .where('value', 'is not', null)
    .where('run_started_at', '<', before)
    .where((row) => row.or([row('passed', '=', 1), row('overridden', '=', 1)]))
    .where((row) => row.or([row('load_scope', 'is', null), row('load_scope', '<>', loadScope)]));
  if (partition !== undefined)
    query = query.where((row) => row.or([row('partition', 'is', null), row('partition', '<>', partition)]));
  // A slice that was judged several times, in attempts or in runs, counts once: as it was judged last.
  const rows = await query
    .orderBy('run_started_at', 'desc')
    .orderBy('judged_at', 'desc')
    .orderBy('attempt', 'desc')
    .limit(limit * JUDGED_AGAIN)
    .execute();
  const latest = new Map<string, number>();
  for (const row of rows) {
    const slice = row.partition ?? row.load_scope ?? row.workflow_id;
    if (!latest.has(slice)) latest.set(slice, Number(row.value));
  }
  return [...latest.values()].slice(0, limit);
}

/** How often a slice may have been judged on average, so that enough different ones are found. */
const JUDGED_AGAIN = 20;

/** Writes that somebody lets a load be published in spite of its audit. The first to say it counts. */
export async function recordAuditOverride(db: CatalogSession, fact: AuditOverride): Promise<void> {
  await db
    .insertInto('audit_overrides')
    .values({
      workflow_id: fact.workflowId,
      run_id: fact.runId,
      step: fact.step,
      reason: fact.reason,
      by: fact.by,
      at: fact.at,
    })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

export async function listAuditOverrides(db: CatalogSession, workflowId: string, runId: string): Promise<AuditOverride[]> {
  const rows = await db
    .selectFrom('audit_overrides')
    .selectAll()
    .where('workflow_id', '=', workflowId)
    .where('run_id', '=', runId)
    .orderBy('step')
    .execute();
  return rows.map(({ step, reason, by, at }) => ({ workflowId, runId, step: step as StepId, reason, by, at }));
}

function toRow(row: Selectable<CheckResultsTable>): CheckResultRow {
  const result: CheckResult = {
    set: row.check_set,
    name: row.name,
    kind: row.kind as CheckKind,
    input: row.input,
    severity: row.severity as CheckSeverity,
    passed: row.passed === 1,
    observed: row.observed,
    bound: row.bound,
    value: row.value === null ? null : Number(row.value),
    examples: JSON.parse(row.examples) as string[],
    ...(row.overridden === 1 && { overridden: true }),
  };
  return { ...result, step: row.step as StepId, judgedAt: row.judged_at };
}
