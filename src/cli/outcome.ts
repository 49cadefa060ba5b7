import type { RunOutcome } from '../temporal/describe-run.js';
import type { RunAddress } from '../temporal/run-id.js';
import { EXIT, exitCodeOfRun } from './exit-codes.js';
import { errorReport } from '../operations/error-report.js';
import { errorText, type Output } from './output.js';

/** What to say of a task queue that nobody polls. */
export function noWorker(taskQueue: string): string {
  return `No worker polls task queue "${taskQueue}": the run waits for one. Start it with: millrace worker`;
}

/** How a run ended, where its code says more than that it failed. */
const STATUSES: Readonly<Record<string, string>> = {
  CANCELLED: 'cancelled',
  RUN_TERMINATED: 'terminated',
  RUN_TIMED_OUT: 'timed out',
};

/** Tells how a run ended and gives the exit code for it. */
export function tellOutcome(output: Output, run: Required<RunAddress>, outcome: RunOutcome): number {
  if (outcome.ok) {
    output.data({ event: 'ended', ...run, status: 'completed', result: outcome.result });
    output.text(`Run ${run.workflowId} completed.`);
    return EXIT.ok;
  }
  const { code, message } = outcome.error;
  const error = errorReport(code, message);
  output.data({ event: 'ended', ...run, status: STATUSES[code] ?? 'failed', error });
  if (!output.json) output.warn(errorText(error));
  return exitCodeOfRun(code);
}
