import type { OpenRun, RunClosed, RunKey } from './facts.js';
import { filledIn } from './filled-in.js';
import { isAfterRun } from './run-order.js';
import type { CatalogSession } from './tables.js';

/** Which of the runs that have no end in the catalog. */
export interface OpenRunFilter {
  readonly namespace: string;
  /** Only runs after this one, in the order of the answer. */
  readonly after?: RunKey;
  readonly limit: number;
}

/** Runs whose end nobody has told, by workflow id and run id; those of which no namespace is known are among them. */
export async function listOpenRuns(db: CatalogSession, { namespace, after, limit }: OpenRunFilter): Promise<OpenRun[]> {
  let query = db
    .selectFrom('runs')
    .select(['workflow_id', 'run_id', 'namespace', 'started_at'])
    .where('status', '=', 'running')
    .where((row) => row.or([row('namespace', '=', namespace), row('namespace', 'is', null)]));
  if (after) query = query.where(isAfterRun(after));
  const rows = await query.orderBy('workflow_id').orderBy('run_id').limit(limit).execute();
  return rows.map((row) => ({
    workflowId: row.workflow_id,
    runId: row.run_id,
    namespace: row.namespace,
    startedAt: row.started_at,
  }));
}

/**
 * Writes the end of a run that did not tell of it, unless its end is known, and ends its steps that were at work.
 *
 * @returns whether it was written
 */
export async function closeRun(db: CatalogSession, fact: RunClosed): Promise<boolean> {
  const closed = await db
    .updateTable('runs')
    .set({
      status: fact.status,
      finished_at: fact.finishedAt,
      error_code: fact.error?.code ?? null,
      error_message: fact.error?.message ?? null,
      result: fact.result === undefined ? null : JSON.stringify(fact.result),
    })
    .where('workflow_id', '=', fact.workflowId)
    .where('run_id', '=', fact.runId)
    .where('finished_at', 'is', null)
    .returning('run_id')
    .executeTakeFirst();
  if (closed === undefined) return false;
  await endStepsAtWork(db, fact);
  return true;
}

const ENDED = ['workflow_id', 'run_id', 'finished_at', 'error_message'] as const;

const updateAtWork = filledIn<Record<(typeof ENDED)[number], string>>(ENDED, (db, { workflow_id, run_id, ...end }) =>
  db
    .updateTable('step_runs')
    .set({ ...end, status: 'failed', error_code: 'INTERRUPTED', will_retry: 0 })
    .where('workflow_id', '=', workflow_id)
    .where('run_id', '=', run_id)
    .where('status', '=', 'running'),
);

/** Ends the attempts of a run that nobody has told the end of, as of one that died with its worker. */
export async function endStepsAtWork(
  db: CatalogSession,
  { workflowId, runId, status, finishedAt }: Pick<RunClosed, 'workflowId' | 'runId' | 'status' | 'finishedAt'>,
): Promise<void> {
  await updateAtWork(db, {
    workflow_id: workflowId,
    run_id: runId,
    finished_at: finishedAt,
    error_message: `The run ended (${status}) while this step was at work.`,
  });
}

/** When the catalog was last told something of a run, as an ISO time; `null` when nothing has a time. */
export async function lastHeardOf(db: CatalogSession, run: RunKey): Promise<string | null> {
  const steps = await db
    .selectFrom('step_runs')
    .select(['started_at', 'finished_at'])
    .where('workflow_id', '=', run.workflowId)
    .where('run_id', '=', run.runId)
    .execute();
  const started = await db
    .selectFrom('runs')
    .select('started_at')
    .where('workflow_id', '=', run.workflowId)
    .where('run_id', '=', run.runId)
    .executeTakeFirst();
  const times = [started?.started_at, ...steps.flatMap((step) => [step.started_at, step.finished_at])];
  return (
    times
      .filter((time) => typeof time === 'string')
      .toSorted()
      .at(-1) ?? null
  );
}
