import { setTimeout as sleep } from 'node:timers/promises';
import type { TemporalClient } from '../../temporal/connect.js';
import { describeRun, outcomeOf, type RunOutcome } from '../../temporal/describe-run.js';
import type { RunAddress } from '../../temporal/run-id.js';
import { startRun, type StartRunInput } from '../../temporal/start-run.js';
import { hasWorker } from '../../temporal/task-queue.js';
import { EXIT } from '../exit-codes.js';
import { noWorker, tellOutcome } from '../outcome.js';
import type { Output } from '../output.js';
import { watch } from '../watch-run.js';

/** A run that refuses its parameters does so at once; a start that doesn't wait for the end waits so long for that. */
const ADMISSION_MS = 1_500;

/** Starts a run, and follows it if asked to. Gives the exit code. */
export async function launch(output: Output, temporal: TemporalClient, input: StartRunInput, wait: boolean): Promise<number> {
  const run = await startRun(temporal, input);
  output.data({ event: 'started', pipeline: input.pipeline, ...run, taskQueue: input.taskQueue });
  output.text(`Started ${input.pipeline} as ${run.workflowId} (run ${run.runId}).`);
  if (wait) return watch(output, temporal, run);
  const outcome = await earlyEnd(temporal, run);
  if (outcome) return tellOutcome(output, run, outcome);
  if (!(await hasWorker(temporal, input.taskQueue))) output.warn(noWorker(input.taskQueue));
  output.text(`Look at it with: millrace show ${run.workflowId}`);
  return EXIT.ok;
}

async function earlyEnd(temporal: TemporalClient, run: Required<RunAddress>): Promise<RunOutcome | undefined> {
  const deadline = Date.now() + ADMISSION_MS;
  while (Date.now() < deadline) {
    const { state, pending } = await describeRun(temporal, run);
    if (state !== 'running') return outcomeOf(temporal, run);
    if (pending.length > 0) return undefined;
    await sleep(100);
  }
  return undefined;
}
