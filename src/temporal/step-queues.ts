import type { TemporalClient } from './connect.js';
import type { DeploymentVersion } from './describe-run.js';
import { GRPC, grpcCode } from './grpc-status.js';
import { answered } from './service-errors.js';
import { findPollers, isOfVersion } from './task-queue.js';

/** The queues on which workers of one version do steps, and none of another does, or of none (`null`). */
export async function queuesLeftBehind(
  temporal: TemporalClient,
  version: DeploymentVersion,
  next: DeploymentVersion | null,
): Promise<string[]> {
  const left = await Promise.all(
    (await stepQueuesOf(temporal, version)).map(async (queue) => {
      const pollers = await findPollers(temporal, queue, 'activity');
      return pollers.some((each) => isOfVersion(each, version)) && !pollers.some((each) => isOfVersion(each, next))
        ? [queue]
        : [];
    }),
  );
  return left.flat().toSorted();
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
