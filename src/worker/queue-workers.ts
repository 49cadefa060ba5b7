import { Runtime, Worker, type NativeConnection, type WorkflowBundleOption } from '@temporalio/worker';
import { createActivities, type Services } from '../../activities/index.js';
import { poolThreads } from '../config/capacity.js';
import { TerminalError } from '../core/errors.js';
import type { DeploymentVersion } from '../temporal/describe-run.js';
import { approvalSink } from './approval-sink.js';
import { runLogSinks } from './log-sink.js';
import { Places } from './places.js';
import { poolSink } from './pool-sink.js';
import { runEndSink } from './run-end-sink.js';
import { steeringSink } from './steering-sink.js';
import { versionedBundle } from './versioned-bundle.js';
import type { workerOptions } from './worker-options.js';

interface Server {
  readonly connection: NativeConnection;
  readonly namespace: string;
  readonly workflowBundle: WorkflowBundleOption;
  /** The version of a worker deployment that the workers are of, on whatever queue: a run's steps are done by its own version. */
  readonly version: DeploymentVersion | undefined;
}

/**
 * Makes Temporal's workers of one process, one for each task queue: that of the project's own queue lets runs go on, the others do
 * steps only. They share the limits.
 *
 * @throws TerminalError CONFIG_INVALID when there are to be more steps at once than Node's pool can hold
 */
export async function createQueueWorkers(
  services: Services,
  { connection, namespace, workflowBundle, version }: Server,
  plan: {
    readonly queues: readonly string[];
    readonly options: ReturnType<typeof workerOptions>;
    /** Of all queues together. */
    readonly steps: number;
  },
): Promise<Worker[]> {
  const { project, workerIdentity } = services;
  refuseTooMany(project.worker.steps);
  const places = plan.queues.length > 1 ? new Places(plan.steps) : undefined;
  const options = {
    ...plan.options,
    connection,
    namespace,
    activities: createActivities(services),
    identity: workerIdentity,
    ...(version && versioned(version)),
    ...(places && { interceptors: { activity: [(context) => ({ inbound: places.interceptor(context) })] } }),
  } satisfies Partial<Parameters<typeof Worker.create>[0]>;
  const bundle = version ? await versionedBundle(workflowBundle) : workflowBundle;
  const forRuns = { workflowBundle: bundle, sinks: sinksOf(services) };
  return Promise.all(
    plan.queues.map((taskQueue) => Worker.create({ ...options, taskQueue, ...(taskQueue === project.taskQueue && forRuns) })),
  );
}

function versioned({ deployment: deploymentName, buildId }: DeploymentVersion) {
  return {
    workerDeploymentOptions: {
      version: { deploymentName, buildId },
      useWorkerVersioning: true as const,
      defaultVersioningBehavior: 'PINNED' as const,
    },
  };
}

/** Runs workers to their end; when one fails, the others are stopped. `close` comes last, however they end. */
export async function runToEnd(workers: readonly Worker[], close: () => Promise<void>): Promise<void> {
  const run = (worker: Worker): Promise<void> =>
    worker.run().catch((error: unknown) => {
      shutDown(workers);
      throw error;
    });
  try {
    const ends = await Promise.allSettled(workers.map(run));
    const failed = ends.find((end) => end.status === 'rejected');
    if (failed) throw failed.reason;
  } finally {
    await close();
  }
}

/** Tells workers to take no new work. */
export function shutDown(workers: readonly Worker[]): void {
  for (const worker of workers) if (worker.getState() === 'RUNNING') worker.shutdown();
}

function refuseTooMany(steps: number): void {
  if (steps < poolThreads()) return;
  throw new TerminalError(
    'CONFIG_INVALID',
    `worker.steps is ${steps}, and Node's pool, in which the steps work and wait, has ${poolThreads()} threads: all of them could be held by steps that wait. Set UV_THREADPOOL_SIZE to more than ${steps} in the worker's environment, or allow fewer steps.`,
  );
}

function sinksOf({ log, catalog, leftWorks }: Services) {
  const { logger } = Runtime.instance();
  return {
    ...runLogSinks(log),
    ...runEndSink({ catalog, leftWorks, logger }),
    ...steeringSink({ catalog, logger }),
    ...approvalSink({ catalog, logger }),
    ...poolSink({ catalog, logger }),
  };
}
