import { endStepsAtWork } from './closing.js';
import type { RunFinished, RunKey, RunScope, RunStarted } from './facts.js';
import { filledIn } from './filled-in.js';
import type { CatalogSession, RunsTable } from './tables.js';

const STARTED = [
  'workflow_id',
  'run_id',
  'first_run_id',
  'pipeline',
  'partition',
  'params',
  'owner',
  'load_scope',
  'task_queue',
  'worker_identity',
  'namespace',
  'retry_of',
  'code',
  'version',
  'changes',
  'started_at',
] as const;

const insertStarted = filledIn<Pick<RunsTable, (typeof STARTED)[number]>>(STARTED, (db, values) =>
  db
    .insertInto('runs')
    .values({ ...values, status: 'running', announced: 1 })
    .onConflict((conflict) =>
      conflict
        .columns(['workflow_id', 'run_id'])
        .doUpdateSet((row) => ({
          first_run_id: row.ref('excluded.first_run_id'),
          pipeline: row.ref('excluded.pipeline'),
          partition: row.ref('excluded.partition'),
          params: row.ref('excluded.params'),
          owner: row.ref('excluded.owner'),
          load_scope: row.ref('excluded.load_scope'),
          task_queue: row.ref('excluded.task_queue'),
          worker_identity: row.ref('excluded.worker_identity'),
          namespace: row.ref('excluded.namespace'),
          retry_of: row.ref('excluded.retry_of'),
          code: row.ref('excluded.code'),
          version: row.ref('excluded.version'),
          changes: row.ref('excluded.changes'),
          started_at: row.ref('excluded.started_at'),
          announced: row.ref('excluded.announced'),
        }))
        .where('runs.announced', '=', 0),
    ),
);

/** Writes what a run says of itself when it starts; the first to say it counts. */
export async function startRun(db: CatalogSession, fact: RunStarted): Promise<void> {
  await insertStarted(db, {
    workflow_id: fact.workflowId,
    run_id: fact.runId,
    first_run_id: fact.firstRunId,
    pipeline: fact.pipeline,
    partition: fact.partition ?? null,
    params: toJson(fact.params),
    owner: fact.owner ?? null,
    load_scope: fact.loadScope,
    task_queue: fact.taskQueue,
    worker_identity: fact.workerIdentity,
    namespace: fact.namespace ?? null,
    retry_of: toJson(fact.retryOf),
    code: fact.code?.hash ?? null,
    version: fact.code?.version ?? null,
    changes: toJson(fact.changes),
    started_at: fact.startedAt,
  });
}

const FINISHED = ['workflow_id', 'run_id', 'status', 'finished_at', 'error_code', 'error_message', 'result'] as const;

const insertFinished = filledIn<Pick<RunsTable, (typeof FINISHED)[number]>>(FINISHED, (db, values) =>
  db
    .insertInto('runs')
    .values({ ...values, announced: 0 })
    .onConflict((conflict) =>
      conflict
        .columns(['workflow_id', 'run_id'])
        .doUpdateSet((row) => ({
          status: row.ref('excluded.status'),
          finished_at: row.ref('excluded.finished_at'),
          error_code: row.ref('excluded.error_code'),
          error_message: row.ref('excluded.error_message'),
          result: row.ref('excluded.result'),
        }))
        .where((row) =>
          row.or([row('runs.finished_at', 'is', null), row('runs.finished_at', '<', row.ref('excluded.finished_at'))]),
        ),
    ),
);

/** Writes how a run ended; of two ends, the later one counts. A run ends when its steps have: what is still at work has died. */
export async function finishRun(
  db: CatalogSession,
  fact: RunFinished,
  { isRunKnown }: { readonly isRunKnown: boolean },
): Promise<void> {
  if (!isRunKnown) await mentionRun(db, fact, fact.run, fact.finishedAt);
  await insertFinished(db, {
    workflow_id: fact.workflowId,
    run_id: fact.runId,
    status: fact.status,
    finished_at: fact.finishedAt,
    error_code: fact.error?.code ?? null,
    error_message: fact.error?.message ?? null,
    result: toJson(fact.result),
  });
  await endStepsAtWork(db, fact);
}

/** Makes sure that a run of which only its steps tell has a row, which begins with the earliest thing told of it. */
export async function mentionRun(db: CatalogSession, key: RunKey, scope: RunScope | undefined, at: string): Promise<void> {
  if (scope === undefined) return;
  await db
    .insertInto('runs')
    .values({
      workflow_id: key.workflowId,
      run_id: key.runId,
      pipeline: scope.pipeline,
      partition: scope.partition ?? null,
      load_scope: scope.loadScope,
      namespace: scope.namespace ?? null,
      status: 'running',
      started_at: at,
      announced: 0,
    })
    .onConflict((conflict) =>
      conflict
        .columns(['workflow_id', 'run_id'])
        .doUpdateSet((row) => ({
          pipeline: row.ref('excluded.pipeline'),
          partition: row.ref('excluded.partition'),
          load_scope: row.ref('excluded.load_scope'),
          namespace: row.ref('excluded.namespace'),
          started_at: row.ref('excluded.started_at'),
        }))
        .where('runs.announced', '=', 0)
        .where((row) =>
          row.or([row('runs.started_at', 'is', null), row('runs.started_at', '>', row.ref('excluded.started_at'))]),
        ),
    )
    .execute();
}

function toJson(value: unknown): string | null {
  return value === undefined ? null : JSON.stringify(value);
}
