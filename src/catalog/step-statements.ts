import { recordCheckResults } from './check-results.js';
import { recordDataset, recordLoad, recordVerdict } from './dataset-statements.js';
import type { StepFailed, StepFinished, StepKey, StepStarted } from './facts.js';
import { filledIn } from './filled-in.js';
import { mentionRun } from './run-statements.js';
import type { CatalogSession, StepRunsTable } from './tables.js';

const KEY = ['workflow_id', 'run_id', 'step', 'attempt'] as const;

/** Writes that an attempt has begun. It may have ended in the catalog already: facts come in any order. */
export async function startStep(db: CatalogSession, fact: StepStarted): Promise<void> {
  await mentionRun(db, fact, fact.run, fact.startedAt);
  await db
    .insertInto('step_runs')
    .values({
      ...columnsOf(fact),
      kind: fact.kind,
      name: fact.name,
      status: 'running',
      started_at: fact.startedAt,
      worker_identity: fact.workerIdentity,
    })
    .onConflict((conflict) =>
      conflict
        .columns(KEY)
        .doUpdateSet((row) => ({
          started_at: row.ref('excluded.started_at'),
          worker_identity: row.ref('excluded.worker_identity'),
        }))
        .where('step_runs.worker_identity', 'is', null),
    )
    .execute();
}

const FINISHED = [
  'workflow_id',
  'run_id',
  'step',
  'attempt',
  'kind',
  'name',
  'started_at',
  'worker_identity',
  'finished_at',
  'result',
  'inputs',
  'dataset_uri',
] as const;

const insertFinished = filledIn<Pick<StepRunsTable, (typeof FINISHED)[number]>>(FINISHED, (db, values) =>
  db
    .insertInto('step_runs')
    .values({ ...values, status: 'done' })
    .onConflict((conflict) =>
      conflict
        .columns(KEY)
        .doUpdateSet((row) => ({
          status: row.ref('excluded.status'),
          started_at: row.fn.coalesce('step_runs.started_at', 'excluded.started_at'),
          worker_identity: row.fn.coalesce('step_runs.worker_identity', 'excluded.worker_identity'),
          finished_at: row.ref('excluded.finished_at'),
          result: row.ref('excluded.result'),
          inputs: row.ref('excluded.inputs'),
          dataset_uri: row.ref('excluded.dataset_uri'),
          error_code: null,
          error_message: null,
          will_retry: null,
        }))
        .where('step_runs.status', '<>', 'done'),
    ),
);

/** Writes what an attempt gave, with its dataset, verdict or load. The first to say it counts. */
export async function finishStep(
  db: CatalogSession,
  fact: StepFinished,
  { isRunKnown }: { readonly isRunKnown: boolean },
): Promise<void> {
  if (!isRunKnown) await mentionRun(db, fact, fact.run, fact.startedAt ?? fact.finishedAt);
  const dataset = 'dataset' in fact.result ? fact.result.dataset : undefined;
  await insertFinished(db, {
    ...columnsOf(fact),
    started_at: fact.startedAt ?? null,
    worker_identity: fact.workerIdentity ?? null,
    finished_at: fact.finishedAt,
    result: JSON.stringify(fact.result),
    inputs: JSON.stringify(fact.inputs),
    dataset_uri: dataset?.uri ?? null,
  });
  if (fact.manifest && dataset) {
    await recordDataset(db, dataset.uri, fact.manifest);
    await recordVerdict(db, fact, dataset.uri, fact.manifest);
  }
  if (fact.load) await recordLoad(db, fact, fact.load, fact.finishedAt);
  await recordChecks(db, fact);
}

/** Writes why an attempt failed, unless it is known to have finished. */
export async function failStep(db: CatalogSession, fact: StepFailed): Promise<void> {
  await mentionRun(db, fact, fact.run, fact.startedAt ?? fact.finishedAt);
  await db
    .insertInto('step_runs')
    .values({
      ...columnsOf(fact),
      status: 'failed',
      started_at: fact.startedAt ?? null,
      worker_identity: fact.workerIdentity ?? null,
      finished_at: fact.finishedAt,
      error_code: fact.code,
      error_message: fact.message,
      will_retry: fact.willRetry ? 1 : 0,
    })
    .onConflict((conflict) =>
      conflict
        .columns(KEY)
        .doUpdateSet((row) => ({
          status: row.ref('excluded.status'),
          started_at: row.fn.coalesce('step_runs.started_at', 'excluded.started_at'),
          worker_identity: row.fn.coalesce('step_runs.worker_identity', 'excluded.worker_identity'),
          finished_at: row.ref('excluded.finished_at'),
          error_code: row.ref('excluded.error_code'),
          error_message: row.ref('excluded.error_message'),
          will_retry: row.ref('excluded.will_retry'),
        }))
        // An attempt that was only taken to have died says itself why it ended.
        .where((row) =>
          row.or([
            row('step_runs.status', '=', 'running'),
            row.and([row('step_runs.status', '=', 'failed'), row('step_runs.error_code', '=', 'INTERRUPTED')]),
          ]),
        ),
    )
    .execute();
  if (fact.judged) await recordVerdict(db, fact, fact.judged.dataset, fact.judged.manifest);
  await recordChecks(db, fact);
}

async function recordChecks(db: CatalogSession, fact: StepFinished | StepFailed): Promise<void> {
  const { checks: results = [], run, runStartedAt, finishedAt: judgedAt } = fact;
  await recordCheckResults(db, fact, { results, judgedAt, ...(run && { run }), ...(runStartedAt && { runStartedAt }) });
}

function columnsOf(key: StepKey) {
  const separator = key.step.indexOf(':');
  return {
    workflow_id: key.workflowId,
    run_id: key.runId,
    step: key.step,
    attempt: key.attempt,
    kind: key.step.slice(0, separator),
    name: key.step.slice(separator + 1),
    inputs: '[]',
  };
}
