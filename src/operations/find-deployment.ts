import { TerminalError, TransientError } from '../core/errors.js';
import type { TemporalClient } from '../temporal/connect.js';
import { queuesLeftBehind } from '../temporal/step-queues.js';
import { describeDeployment, queueVersions, type Deployment, type QueueVersions } from '../temporal/deployments.js';

/** The deployment of a project's workers, and who takes the work of its queue. */
export interface FoundDeployment {
  readonly deployment: Deployment;
  readonly queue: QueueVersions;
}

/**
 * Finds the worker deployment of a task queue: the one that is named, or the only one whose workers take its work.
 *
 * @throws TerminalError DEPLOYMENT_UNKNOWN, DEPLOYMENT_AMBIGUOUS
 */
export async function findDeployment(
  temporal: TemporalClient,
  taskQueue: string,
  wanted: string | undefined,
): Promise<FoundDeployment> {
  const queue = await queueVersions(temporal, taskQueue);
  const name = wanted ?? onlyName(queue, taskQueue);
  const deployment = await describeDeployment(temporal, name);
  if (deployment) return { deployment, queue };
  throw new TerminalError(
    'DEPLOYMENT_UNKNOWN',
    `Temporal at ${temporal.address} knows no worker deployment "${name}" in namespace "${temporal.namespace}". Correct the name, or start its first worker: millrace worker --deployment ${name}`,
    { deployment: name },
  );
}

function onlyName({ current, pollers }: QueueVersions, taskQueue: string): string {
  const names = new Set([current?.deployment, ...pollers.map(({ deployment }) => deployment)].filter(Boolean));
  const [name, ...others] = [...names] as string[];
  if (name !== undefined && others.length === 0) return name;
  if (name === undefined) {
    throw new TerminalError(
      'DEPLOYMENT_UNKNOWN',
      `No worker of a deployment takes the work of the task queue "${taskQueue}". Start one with \`millrace worker --deployment NAME\`, or name the deployment with --deployment.`,
      { taskQueue },
    );
  }
  throw new TerminalError(
    'DEPLOYMENT_AMBIGUOUS',
    `Workers of several deployments take the work of the task queue "${taskQueue}": ${[name, ...others].toSorted().join(', ')}. Name one with --deployment.`,
    { taskQueue, deployments: [name, ...others].toSorted().join(',') },
  );
}

/** How many workers of a version take the work of the queue. */
export function workersOf({ deployment, queue }: FoundDeployment, version: string): number {
  return queue.pollers.filter((poller) => poller.deployment === deployment.name && poller.buildId === version).length;
}

/** How many workers of the queue have no version. */
export function workersWithout({ queue }: Pick<FoundDeployment, 'queue'>): number {
  return queue.pollers.filter(({ deployment }) => deployment === '').length;
}

/**
 * Sees that runs which are sent to a version find somebody there: Temporal itself takes any name.
 *
 * @throws TerminalError VERSION_UNKNOWN; TransientError VERSION_WITHOUT_WORKER
 */
export function requireVersion(found: FoundDeployment, version: string, taskQueue: string): void {
  const { name, versions } = found.deployment;
  if (!versions.some(({ buildId }) => buildId === version)) {
    const known = versions.slice(0, 5).map(({ buildId }) => buildId);
    throw new TerminalError(
      'VERSION_UNKNOWN',
      `The worker deployment "${name}" has no version "${version}". It has: ${known.join(', ')}. Start a worker of it first, or see: millrace deploy status`,
      { deployment: name, version },
    );
  }
  if (workersOf(found, version) > 0) return;
  throw new TransientError(
    'VERSION_WITHOUT_WORKER',
    `No worker of version ${version} takes the work of the task queue "${taskQueue}": runs that are sent to it would wait. Start a worker of it, then ask again.`,
    { deployment: name, version, taskQueue },
  );
}

/**
 * Sees that new runs find somebody for their steps too, on every queue where the current version has workers for them.
 *
 * @param version `null`: new runs go to workers without a version
 *
 * @throws TransientError VERSION_WITHOUT_WORKER naming the queues
 */
export async function requireStepQueues(
  temporal: TemporalClient,
  { deployment }: FoundDeployment,
  version: string | null,
): Promise<void> {
  const { name, current } = deployment;
  if (current === null || current === version) return;
  const next = version === null ? null : { deployment: name, buildId: version };
  const queues = await queuesLeftBehind(temporal, { deployment: name, buildId: current }, next);
  if (queues.length === 0) return;
  const who = version === null ? 'without a version' : `of version ${version}`;
  const how = `millrace worker${version === null ? '' : ` --deployment ${name}`} --queues ${queues.join(',')}`;
  throw new TransientError(
    'VERSION_WITHOUT_WORKER',
    `No worker ${who} does the steps of task queue ${queues.map((queue) => `"${queue}"`).join(', ')}, where workers of version ${current} do: steps that new runs have there would wait. Start one: ${how}. If new runs have no steps there, it may end when the workers of ${current} have.`,
    { deployment: name, ...(version !== null && { version }), taskQueues: queues.join(',') },
  );
}
