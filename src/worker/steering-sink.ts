import { setTimeout as sleep } from 'node:timers/promises';
import type { InjectedSinks, Logger } from '@temporalio/worker';
import { patiently } from '../../activities/patience.js';
import { runScope } from '../../activities/run-scope.js';
import type { Catalog } from '../catalog/index.js';
import { messageOf } from '../core/errors.js';
import type { SteeringSinks } from '../core/steering.js';

/** A task waits no longer for the catalog: the write goes on beside it, for so long. */
const LONGEST_WAIT_MS = 2_000;
const PATIENCE_MS = 10 * 60_000;

interface SteeringServices {
  readonly catalog: Catalog;
  readonly logger: Logger;
}

/**
 * Where a run tells what was done to it, and what holds it, before whoever did it has his answer: so the catalog shows it by
 * then. A catalog that is down is waited for beside the run; `millrace catalog rebuild` finds what is missing in histories.
 */
export function steeringSink({ catalog, logger }: SteeringServices): InjectedSinks<SteeringSinks> {
  const tell = (workflowId: string, write: () => Promise<void>): Promise<void> => tellBeside(logger, workflowId, write);
  return {
    steering: {
      decided: {
        fn: ({ workflowId, runId }, decision) =>
          tell(workflowId, () => catalog.recordDecision({ workflowId, runId, ...decision })),
        callDuringReplay: false,
      },
      holds: {
        fn: ({ workflowId, runId }, number, holds) =>
          tell(workflowId, () => catalog.recordHolds({ workflowId, runId }, number, holds)),
        callDuringReplay: false,
      },
      skipped: {
        fn: ({ workflowId, runId, namespace }, run, step) =>
          tell(workflowId, () => catalog.recordStepSkipped({ workflowId, runId, ...step, run: runScope(run, namespace) })),
        callDuringReplay: false,
      },
    },
  };
}

/** Writes into the catalog what was done to a run: its task waits for that a moment, and the write goes on beside it. */
export async function tellBeside(logger: Logger, workflowId: string, write: () => Promise<void>): Promise<void> {
  const late = new AbortController();
  const told = patiently(write, AbortSignal.timeout(PATIENCE_MS)).catch((error: unknown) =>
    logger.warn(`The catalog did not take what was done to run ${workflowId}: ${messageOf(error)}`),
  );
  await Promise.race([told, sleep(LONGEST_WAIT_MS, undefined, { signal: late.signal }).catch(() => undefined)]);
  late.abort();
}
