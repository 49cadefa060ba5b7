import type { TemporalClient } from './connect.js';
import { answered } from './service-errors.js';

/** A worker asks at least once a minute; the server remembers it for five. */
const ALIVE_MS = 70_000;

/** A worker that takes the workflow tasks of a queue. */
export interface Poller {
  readonly identity: string;
  /** The version of a worker deployment that it is of; empty without one. */
  readonly deployment: string;
  readonly buildId: string;
}

/** Whether a worker takes the workflow tasks of a queue. One that was killed counts for up to 70 s. */
export async function hasWorker(temporal: TemporalClient, taskQueue: string): Promise<boolean> {
  return (await findPollers(temporal, taskQueue)).length > 0;
}

/** The workers that take the workflow tasks of a queue. One that was killed counts for up to 70 s. */
export async function findPollers(temporal: TemporalClient, taskQueue: string): Promise<Poller[]> {
  const { client, namespace } = temporal;
  const { pollers } = await answered(temporal, taskQueue, () =>
    client.workflowService.describeTaskQueue({ namespace, taskQueue: { name: taskQueue } }),
  );
  return (pollers ?? [])
    .filter((poller) => Date.now() - Number(poller.lastAccessTime?.seconds ?? 0) * 1000 < ALIVE_MS)
    .map(({ identity, deploymentOptions }) => ({
      identity: identity ?? '',
      deployment: deploymentOptions?.deploymentName ?? '',
      buildId: deploymentOptions?.buildId ?? '',
    }));
}
