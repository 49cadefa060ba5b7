import type { RunDecision, RunHolds } from '../core/steering.js';
import type { StepId } from '../core/steps.js';
import type { CatalogDatabase } from './database.js';
import type { RunKey } from './facts.js';
import type { RunDecided, StepSkipped } from './steering-facts.js';
import { earlierExecutions, findStoredRun } from './run-queries.js';
import { mentionRun } from './run-statements.js';
import type { CatalogSession } from './tables.js';

/** What a catalog keeps of what people do to runs. */
export interface SteeringRecords {
  /** Keeps what somebody did to a run. Once Temporal has deleted the run, nothing else may know of it. */
  recordDecision(fact: RunDecided): Promise<void>;
  /** What was done to a run, in its order. */
  listDecisions(workflowId: string, runId: string): Promise<RunDecision[]>;
  /** @param number grows with each word of a run; an earlier one that comes late changes nothing */
  recordHolds(run: RunKey, number: number, holds: RunHolds): Promise<void>;
  recordStepSkipped(fact: StepSkipped): Promise<void>;
}

export function steeringRecords(database: CatalogDatabase): SteeringRecords {
  return {
    recordDecision: (fact) => database.write((db) => recordDecision(db, fact)),
    listDecisions: (workflowId, runId) => database.read((db) => listDecisions(db, workflowId, runId)),
    recordHolds: (run, number, holds) => database.write((db) => recordHolds(db, run, number, holds)),
    recordStepSkipped: (fact) => database.write((db) => skipStep(db, fact)),
  };
}

/** Writes what somebody did to a run. The first to say it counts. */
async function recordDecision(db: CatalogSession, fact: RunDecided): Promise<void> {
  await db
    .insertInto('run_decisions')
    .values({
      workflow_id: fact.workflowId,
      run_id: fact.runId,
      number: fact.number,
      action: fact.action,
      step: fact.step ?? null,
      dataset: fact.dataset ?? null,
      by: fact.by,
      reason: fact.reason ?? null,
      at: fact.at,
    })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

/**
 * What was done to a run, in its order. Of a run that a reset made, that is also what was done before to the runs whose history
 * it took over; its own numbers go on from there.
 */
async function listDecisions(db: CatalogSession, workflowId: string, runId: string): Promise<RunDecision[]> {
  const own = await decisionsOf(db, { workflowId, runId });
  const run = await findStoredRun(db, workflowId, runId);
  const before: RunDecision[] = [];
  for (const execution of run ? await earlierExecutions(db, run) : []) {
    const first = Math.min(...[...own, ...before].map(({ number }) => number));
    const earlier = await decisionsOf(db, { workflowId, runId: execution.run_id });
    before.push(...earlier.filter(({ number }) => number < first));
  }
  return [...before, ...own].toSorted((a, b) => a.number - b.number);
}

async function decisionsOf(db: CatalogSession, { workflowId, runId }: RunKey): Promise<RunDecision[]> {
  const rows = await db
    .selectFrom('run_decisions')
    .selectAll()
    .where('workflow_id', '=', workflowId)
    .where('run_id', '=', runId)
    .orderBy('number')
    .execute();
  return rows.map(({ number, action, step, dataset, by, reason, at }) => ({
    number,
    action: action as RunDecision['action'],
    ...(step !== null && { step: step as StepId }),
    ...(dataset !== null && { dataset }),
    by,
    ...(reason !== null && { reason }),
    at,
  }));
}

/** Writes what holds a run. A word with a lower number than the last one came late, and changes nothing. */
async function recordHolds(db: CatalogSession, run: RunKey, number: number, holds: RunHolds): Promise<void> {
  await db
    .insertInto('run_holds')
    .values({ workflow_id: run.workflowId, run_id: run.runId, number, holds: JSON.stringify(holds) })
    .onConflict((conflict) =>
      conflict
        .columns(['workflow_id', 'run_id'])
        .doUpdateSet((row) => ({ number: row.ref('excluded.number'), holds: row.ref('excluded.holds') }))
        .where('run_holds.number', '<', number),
    )
    .execute();
}

/** Writes that a step was not done. An attempt of that number that was made is left as it is. */
async function skipStep(db: CatalogSession, fact: StepSkipped): Promise<void> {
  await mentionRun(db, fact, fact.run, fact.at);
  const separator = fact.step.indexOf(':');
  await db
    .insertInto('step_runs')
    .values({
      workflow_id: fact.workflowId,
      run_id: fact.runId,
      step: fact.step,
      attempt: fact.attempt,
      kind: fact.step.slice(0, separator),
      name: fact.step.slice(separator + 1),
      status: 'skipped',
      started_at: fact.at,
      finished_at: fact.at,
      inputs: '[]',
      skipped: fact.because,
    })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}
