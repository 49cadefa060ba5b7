import type { TemporalClient } from './connect.js';
import { queueVersions } from './deployments.js';
import type { DeploymentVersion, RunDescription } from './describe-run.js';
import { GRPC, grpcCode } from './grpc-status.js';
import { answered } from './service-errors.js';
import { findPollers, type Poller } from './task-queue.js';

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

/** The queues on which workers of one version do steps, and none of another does, or of none (`null`). */
export async function queuesLeftBehind(
  temporal: TemporalClient,
  version: DeploymentVersion,
  next: DeploymentVersion | null,
): Promise<string[]> {
  const left = await Promise.all(
    (await stepQueuesOf(temporal, version)).map(async (queue) => {
      const pollers = await findPollers(temporal, queue, 'activity');
      return pollers.some((each) => isOf(each, version)) && !pollers.some((each) => isOf(each, next)) ? [queue] : [];
    }),
  );
  return left.flat().toSorted();
}

function isOf({ deployment, buildId }: Poller, version: DeploymentVersion | null): boolean {
  return version === null ? deployment === '' : deployment === version.deployment && buildId === version.buildId;
}

/** Temporal's number for queues of activities. */
const ACTIVITIES = 2;

async function stepQueuesOf(temporal: TemporalClient, { deployment, buildId }: DeploymentVersion): Promise<string[]> {
  const { client, namespace } = temporal;
  const deploymentVersion = { deploymentName: deployment, buildId };
  return answered(temporal, deployment, async () => {
    try {
      const told = await client.workflowService.describeWorkerDeploymentVersion({ namespace, deploymentVersion });
      const queues = told.workerDeploymentVersionInfo?.taskQueueInfos ?? [];
      return queues.filter(({ type }) => Number(type) === ACTIVITIES).flatMap(({ name }) => name ?? []);
    } catch (error) {
      // A version that nobody has any more has no workers either.
      if (grpcCode(error) === GRPC.notFound) return [];
      throw error;
    }
  });
}
