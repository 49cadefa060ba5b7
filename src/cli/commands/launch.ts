import { setTimeout as sleep } from 'node:timers/promises';
import type { Operations, ResultOf } from '../../api/index.js';
import { formatRunAddress } from '../../temporal/run-id.js';
import { EXIT } from '../exit-codes.js';
import { isOpen, noWorker, tellOutcome, type Run } from '../outcome.js';
import type { Output } from '../output.js';
import { watch } from '../watch-run.js';

/** A run that refuses its parameters does so at once; a start that doesn't wait for the end waits so long for that. */
const ADMISSION_MS = 1_500;

/** Starts a run, and follows it if asked to. Gives the exit code. */
export async function launch(
  output: Output,
  operations: Operations,
  start: () => Promise<ResultOf<'startRun'>>,
  wait: boolean,
): Promise<number> {
  const { pipeline, workflowId, runId, taskQueue, started, worker } = await start();
  output.data({ event: 'started', pipeline, workflowId, runId, taskQueue, ...(!started && { started }) });
  output.text(
    started
      ? `Started ${pipeline} as ${workflowId} (run ${runId}).`
      : `${workflowId} of ${pipeline} was there before (run ${runId}).`,
  );
  if (wait) return watch(output, operations, { workflowId, runId });
  const ended = await earlyEnd(operations, formatRunAddress({ workflowId, runId }));
  if (ended) return tellOutcome(output, ended);
  if (!worker) output.warn(noWorker(taskQueue));
  output.text(`Look at it with: millrace show ${workflowId}`);
  return EXIT.ok;
}

async function earlyEnd(operations: Operations, run: string): Promise<Run | undefined> {
  const deadline = Date.now() + ADMISSION_MS;
  while (Date.now() < deadline) {
    const found = await operations.getRun({ run });
    if (!isOpen(found)) return found;
    if (found.steps.length > 0 || found.worker === false) return undefined;
    await sleep(200);
  }
  return undefined;
}
