import type { TemporalClient } from './connect.js';
import { queueVersions } from './deployments.js';
import type { RunDescription } from './describe-run.js';
import { isOfVersion } from './task-queue.js';

/**
 * Whether a worker lets runs of a queue go on: those that are pinned to a version, or, without one, new ones. One that was killed counts
 * for up to 70 s.
 */
export async function hasWorker(
  temporal: TemporalClient,
  taskQueue: string,
  pinnedTo: RunDescription['pinnedTo'] = null,
): Promise<boolean> {
  const { current, pollers } = await queueVersions(temporal, taskQueue);
  return pollers.some((poller) => isOfVersion(poller, pinnedTo ?? current));
}

/**
 * Whether a worker takes the steps that a run has on a queue. Those of a run that is pinned are done by workers of its version; on a
 * queue that this version does not have, by whoever gets what is not pinned.
 */
export async function hasStepWorker(
  temporal: TemporalClient,
  taskQueue: string,
  pinnedTo: RunDescription['pinnedTo'],
): Promise<boolean> {
  const { current, pollers } = await queueVersions(temporal, taskQueue, 'activity');
  if (pinnedTo === null) return pollers.length > 0;
  return pollers.some(
    (poller) => poller.deployment !== pinnedTo.deployment || [pinnedTo.buildId, current?.buildId].includes(poller.buildId),
  );
}
