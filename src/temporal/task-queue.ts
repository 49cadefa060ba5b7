import type { TemporalClient } from './connect.js';
import { answered } from './service-errors.js';

/** A worker asks at least once a minute; the server remembers it for five. */
const ALIVE_MS = 70_000;

/** Whether a worker takes the workflow tasks of a queue. One that was killed counts for up to 70 s. */
export async function hasWorker(temporal: TemporalClient, taskQueue: string): Promise<boolean> {
  const { client, namespace } = temporal;
  const { pollers } = await answered(temporal, taskQueue, () =>
    client.workflowService.describeTaskQueue({ namespace, taskQueue: { name: taskQueue } }),
  );
  return (pollers ?? []).some((poller) => Date.now() - Number(poller.lastAccessTime?.seconds ?? 0) * 1000 < ALIVE_MS);
}
