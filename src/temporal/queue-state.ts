import type { TemporalClient } from './connect.js';
import { answered } from './service-errors.js';
import { findPollers } from './task-queue.js';

/** A worker that polls a task queue. */
export interface QueueWorker {
  readonly identity: string;
  /** Whether runs go on there, beside steps being done. */
  readonly runs: boolean;
  /** ISO 8601. */
  readonly lastSeenAt: string;
}

/** Who polls a task queue, and what waits there. */
export interface QueueState {
  readonly taskQueue: string;
  readonly workers: readonly QueueWorker[];
  /** Steps that wait for a worker, about; `null` of a server that does not count them. */
  readonly waiting: number | null;
}

const ACTIVITY_TASKS = 2;

/** Who polls a task queue, and about how many steps wait there. A worker that was killed counts for up to 70 s. */
export async function describeQueue(temporal: TemporalClient, taskQueue: string): Promise<QueueState> {
  const [forRuns, forSteps, waiting] = await Promise.all([
    findPollers(temporal, taskQueue),
    findPollers(temporal, taskQueue, 'activity'),
    countWaiting(temporal, taskQueue),
  ]);
  const identities = [...new Set([...forRuns, ...forSteps].map(({ identity }) => identity))];
  const workers = identities.toSorted().map((identity) => {
    const seen = [...forRuns, ...forSteps].filter((poller) => poller.identity === identity).map(({ lastSeenAt }) => lastSeenAt);
    return {
      identity,
      runs: forRuns.some((poller) => poller.identity === identity),
      lastSeenAt: seen.toSorted().at(-1) as string,
    };
  });
  return { taskQueue, workers, waiting };
}

async function countWaiting(temporal: TemporalClient, taskQueue: string): Promise<number | null> {
  const { client, namespace } = temporal;
  const { stats } = await answered(temporal, taskQueue, () =>
    client.workflowService.describeTaskQueue({
      namespace,
      taskQueue: { name: taskQueue },
      taskQueueType: ACTIVITY_TASKS,
      reportStats: true,
    }),
  );
  const count = stats?.approximateBacklogCount;
  return count === undefined || count === null ? null : Number(count);
}
