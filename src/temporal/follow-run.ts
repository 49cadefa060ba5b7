import { setTimeout as sleep } from 'node:timers/promises';
import type { RunStateView } from '../../workflows/run-state-view.js';
import type { TemporalClient } from './connect.js';
import { describeRun, outcomeOf, type RunDescription, type RunOutcome } from './describe-run.js';
import { queryState } from './query-state.js';
import type { RunAddress } from './run-id.js';
import { hasWorker } from './task-queue.js';

/** What is known of a run at one moment. */
export interface RunSnapshot {
  readonly run: RunDescription;
  /** The steps as the run tells them; the last it told, while it does not answer. */
  readonly steps: RunStateView | undefined;
  /** False while no worker takes the tasks of the run's queue: it can't go on. */
  readonly worker: boolean;
  /** Present in the last snapshot: how the run ended. */
  readonly outcome?: RunOutcome;
}

export interface FollowOptions {
  /** Time between two looks. @default 500 */
  readonly intervalMs?: number;
  /** Ends the following, not the run. */
  readonly signal?: AbortSignal;
}

/** Looks at a run until it has ended. The last snapshot holds its outcome. @throws TerminalError RUN_UNKNOWN */
export async function* followRun(
  temporal: TemporalClient,
  address: RunAddress,
  options: FollowOptions = {},
): AsyncGenerator<RunSnapshot> {
  const { intervalMs = 500 } = options;
  const { runId } = await describeRun(temporal, address);
  const one = { workflowId: address.workflowId, runId };
  let steps: RunStateView | undefined;
  while (options.signal?.aborted !== true) {
    const run = await describeRun(temporal, one);
    const worker = await hasWorker(temporal, run.taskQueue);
    if (worker) steps = (await queryState(temporal, one)) ?? steps;
    if (run.state !== 'running' && run.state !== 'paused') {
      yield { run, steps, worker, outcome: await outcomeOf(temporal, one) };
      return;
    }
    yield { run, steps, worker };
    await sleep(intervalMs, undefined, { signal: options.signal }).catch(() => undefined);
  }
}
