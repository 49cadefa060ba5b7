import type { TemporalClient } from './connect.js';
import type { DeploymentVersion } from './describe-run.js';
import { answered } from './service-errors.js';

/** A worker asks at least once a minute; the server remembers it for five. */
export const ALIVE_MS = 70_000;

/** A worker that takes tasks of a queue. */
export interface Poller {
  readonly identity: string;
  /** When it asked last, ISO 8601. */
  readonly lastSeenAt: string;
  /** The version of a worker deployment that it is of; empty without one. */
  readonly deployment: string;
  readonly buildId: string;
}

/** Whether a worker is of a version, or of none (`null`). */
export function isOfVersion({ deployment, buildId }: Poller, version: DeploymentVersion | null): boolean {
  return version === null ? deployment === '' : deployment === version.deployment && buildId === version.buildId;
}

/** Temporal's numbers for the two kinds of tasks. */
export const TASKS = { workflow: 1, activity: 2 } as const;

/** Temporal's two kinds of tasks: runs go on by those of workflows, steps are those of activities. */
export type TaskKind = keyof typeof TASKS;

/** The workers that take the tasks of a queue. One that was killed counts for up to 70 s. */
export async function findPollers(temporal: TemporalClient, taskQueue: string, tasks: TaskKind = 'workflow'): Promise<Poller[]> {
  const { client, namespace } = temporal;
  const { pollers } = await answered(temporal, taskQueue, () =>
    client.workflowService.describeTaskQueue({ namespace, taskQueue: { name: taskQueue }, taskQueueType: TASKS[tasks] }),
  );
  const seenMs = (time: { readonly seconds?: unknown } | null | undefined): number => Number(time?.seconds ?? 0) * 1000;
  return (pollers ?? [])
    .filter(({ lastAccessTime }) => Date.now() - seenMs(lastAccessTime) < ALIVE_MS)
    .map(({ identity, lastAccessTime, deploymentOptions }) => ({
      identity: identity ?? '',
      lastSeenAt: new Date(seenMs(lastAccessTime)).toISOString(),
      deployment: deploymentOptions?.deploymentName ?? '',
      buildId: deploymentOptions?.buildId ?? '',
    }));
}
