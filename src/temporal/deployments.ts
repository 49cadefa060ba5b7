import type { DeploymentVersion } from './describe-run.js';
import type { TemporalClient } from './connect.js';
import { GRPC, grpcCode } from './grpc-status.js';
import { isoTime } from './iso-time.js';
import { answered } from './service-errors.js';
import { findPollers, TASKS, type Poller, type TaskKind } from './task-queue.js';

/** Where a version of a worker deployment stands. */
export type VersionStatus = 'inactive' | 'current' | 'ramping' | 'draining' | 'drained';

export interface KnownVersion {
  readonly buildId: string;
  readonly status: VersionStatus;
  readonly createdAt: string;
  /** When it last became current or ramping, or ceased to be. */
  readonly changedAt: string | null;
}

/** A worker deployment, as Temporal has it. */
export interface Deployment {
  readonly name: string;
  /** The build id that new runs get; `null` where they go to workers without a version. */
  readonly current: string | null;
  /** The build id that a share of new runs gets instead. */
  readonly ramping: { readonly buildId: string; readonly percent: number } | null;
  /** Those made last first. */
  readonly versions: readonly KnownVersion[];
  /** Temporal's word for this state: a change made with an older one is refused. */
  readonly token: Uint8Array | null;
}

/** What takes the tasks of a queue. */
export interface QueueVersions {
  /** The version that gets what is not pinned to another; `null` where workers without a version get it. */
  readonly current: DeploymentVersion | null;
  readonly pollers: readonly Poller[];
}

/** The versions that a task queue has workers of, and the one that gets new runs, or the steps of a run that is not pinned. */
export async function queueVersions(
  temporal: TemporalClient,
  taskQueue: string,
  tasks: TaskKind = 'workflow',
): Promise<QueueVersions> {
  const { client, namespace } = temporal;
  const [{ versioningInfo }, pollers] = await Promise.all([
    answered(temporal, taskQueue, () =>
      client.workflowService.describeTaskQueue({ namespace, taskQueue: { name: taskQueue }, taskQueueType: TASKS[tasks] }),
    ),
    findPollers(temporal, taskQueue, tasks),
  ]);
  return { current: versionOf(versioningInfo?.currentDeploymentVersion), pollers };
}

interface RawVersion {
  readonly deploymentName?: string | null;
  readonly buildId?: string | null;
}

function versionOf(version: RawVersion | null | undefined): DeploymentVersion | null {
  return version?.deploymentName ? { deployment: version.deploymentName, buildId: version.buildId ?? '' } : null;
}

/** Temporal's numbers. */
const STATUSES: Readonly<Record<number, VersionStatus>> = {
  2: 'current',
  3: 'ramping',
  4: 'draining',
  5: 'drained',
};

/** A worker deployment; `undefined` where none of the name is known: no worker of it has ever asked for work. */
export async function describeDeployment(temporal: TemporalClient, name: string): Promise<Deployment | undefined> {
  const { client, namespace } = temporal;
  return answered(temporal, name, async () => {
    try {
      const answer = await client.workflowService.describeWorkerDeployment({ namespace, deploymentName: name });
      const { routingConfig, versionSummaries } = answer.workerDeploymentInfo ?? {};
      const ramping = versionOf(routingConfig?.rampingDeploymentVersion);
      return {
        name,
        current: versionOf(routingConfig?.currentDeploymentVersion)?.buildId ?? null,
        ramping: ramping && { buildId: ramping.buildId, percent: routingConfig?.rampingVersionPercentage ?? 0 },
        versions: (versionSummaries ?? []).map((version) => ({
          buildId: version.deploymentVersion?.buildId ?? '',
          status: STATUSES[Number(version.status)] ?? 'inactive',
          createdAt: isoTime(version.createTime),
          changedAt: version.routingUpdateTime ? isoTime(version.routingUpdateTime) : null,
        })),
        token: answer.conflictToken ?? null,
      };
    } catch (error) {
      if (isUnknown(error)) return undefined;
      throw error;
    }
  });
}

/** A name that Temporal takes for no deployment at all, such as one with a colon, is one that it knows nothing of. */
function isUnknown(error: unknown): boolean {
  const code = grpcCode(error);
  return code === GRPC.notFound || code === GRPC.invalidArgument;
}

/** Who asks for a change, and of what state. */
export interface Change {
  readonly by: string;
  readonly token?: Uint8Array | null;
}

/** New runs go to a version from now on; `null`: to workers without one. It does not look whether there are any. */
export async function setCurrentVersion(
  temporal: TemporalClient,
  deploymentName: string,
  buildId: string | null,
  { by, token }: Change,
): Promise<void> {
  const { client, namespace } = temporal;
  await answered(temporal, deploymentName, () =>
    client.workflowService.setWorkerDeploymentCurrentVersion({
      namespace,
      deploymentName,
      buildId: buildId ?? '',
      identity: by,
      ...(token && { conflictToken: token }),
      // It would refuse where a queue of the version before has work just now. Whoever asks has looked who polls them.
      ignoreMissingTaskQueues: true,
    }),
  );
}

/** A share of new runs goes to a version from now on; `null` ends that. */
export async function setRampingVersion(
  temporal: TemporalClient,
  deploymentName: string,
  ramp: Deployment['ramping'],
  { by, token }: Change,
): Promise<void> {
  const { client, namespace } = temporal;
  await answered(temporal, deploymentName, () =>
    client.workflowService.setWorkerDeploymentRampingVersion({
      namespace,
      deploymentName,
      buildId: ramp?.buildId ?? '',
      percentage: ramp?.percent ?? 0,
      identity: by,
      ...(token && { conflictToken: token }),
      ignoreMissingTaskQueues: true,
    }),
  );
}
