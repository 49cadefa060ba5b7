import type { ResultOf } from '../api/index.js';
import { EXIT, exitCodeOfRun } from './exit-codes.js';
import { errorText, type Output } from './output.js';

/** A run as it is told. */
export type Run = ResultOf<'getRun'>;

/** What to say of a task queue that nobody polls. */
export function noWorker(taskQueue: string | null): string {
  return `No worker polls task queue "${taskQueue ?? ''}", or none of the version that the run needs: it waits for one. Start it with: millrace worker, or see: millrace deploy status`;
}

/** What to say of a task queue that steps wait for and nobody polls. */
export function noStepWorker({ taskQueue, steps }: Run['unpolled'][number]): string {
  const waits = steps.length === 1 ? `step ${steps[0]} waits` : `${steps.length} steps wait`;
  return `No worker polls task queue "${taskQueue}", or none of the version that the run needs: ${waits} for one. Start it with: millrace worker --queues ${taskQueue}`;
}

/** Whether a run goes on. */
export function isOpen({ status }: Pick<Run, 'status'>): boolean {
  return status === 'running' || status === 'paused';
}

/** Tells how a run ended and gives the exit code for it. */
export function tellOutcome(output: Output, run: Run): number {
  const { workflowId, runId, status, error, result } = run;
  if (error === null) {
    output.data({ event: 'ended', workflowId, runId, status, result });
    output.text(`Run ${workflowId} ${status}.`);
    return status === 'completed' ? EXIT.ok : EXIT.failed;
  }
  output.data({ event: 'ended', workflowId, runId, status, error });
  if (!output.json) output.warn(errorText(error));
  return exitCodeOfRun(error.code);
}
