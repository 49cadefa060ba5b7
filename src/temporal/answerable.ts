import { TransientError } from '../core/errors.js';
import type { TemporalClient } from './connect.js';
import type { RunDescription } from './describe-run.js';
import { findPollers } from './task-queue.js';

/**
 * Sees that somebody is there who can answer for a run: without a worker, an update waits without end.
 *
 * @throws TransientError RUN_NO_WORKER, RUN_VERSION_GONE
 */
export async function requireAnswerable(temporal: TemporalClient, run: RunDescription): Promise<void> {
  const { workflowId, taskQueue, pinnedTo } = run;
  const pollers = await findPollers(temporal, taskQueue);
  const facts = { workflowId, taskQueue };
  if (pollers.length === 0) {
    throw new TransientError(
      'RUN_NO_WORKER',
      `No worker polls the task queue "${taskQueue}" of run ${workflowId}, so it cannot answer. Start one: millrace worker`,
      facts,
    );
  }
  if (
    pinnedTo === null ||
    pollers.some(({ deployment, buildId }) => deployment === pinnedTo.deployment && buildId === pinnedTo.buildId)
  )
    return;
  const version = `${pinnedTo.deployment}.${pinnedTo.buildId}`;
  throw new TransientError(
    'RUN_VERSION_GONE',
    `The run ${workflowId} is pinned to version ${version} of its worker deployment, and no worker of that version polls the task queue "${taskQueue}". Start one, or move the run: millrace move ${workflowId} --to VERSION`,
    { ...facts, version },
  );
}
