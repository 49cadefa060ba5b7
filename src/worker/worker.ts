import os from 'node:os';
import { mkdir } from 'node:fs/promises';
import { NativeConnection, Runtime, Worker, type WorkerOptions, type WorkflowBundleOption } from '@temporalio/worker';
import { Client } from '@temporalio/client';
import type { Duration } from '@temporalio/common';
import { connectionsOf } from '../../activities/connect.js';
import { createActivities, type Services } from '../../activities/index.js';
import { openCatalog, openLogWriter } from '../catalog/index.js';
import type { LoadedProject } from '../config/load.js';
import type { Checkpoint } from '../connectors/contract.js';
import { openLeftWorks } from '../connectors/left-work.js';
import { startReconciler } from '../reconciler/reconciler.js';
import { connectFailure } from '../temporal/connect-failure.js';
import { connectTemporal } from '../temporal/connect.js';
import type { DeploymentVersion } from '../temporal/describe-run.js';
import { temporalTarget } from '../temporal/target.js';
import { openStaging } from '../engine/open-staging.js';
import type { Staging } from '../engine/staging.js';
import { millraceVersion } from '../config/millrace-version.js';
import { buildIdOf } from './build-id.js';
import { approvalSink } from './approval-sink.js';
import { bundleOf } from './bundle.js';
import { codeVersion } from './code-version.js';
import { runLogSinks } from './log-sink.js';
import { runEndSink } from './run-end-sink.js';
import { versionedBundle } from './versioned-bundle.js';
import { steeringSink } from './steering-sink.js';

export interface WorkerSettings {
  readonly project: LoadedProject;
  /** @default from the environment and Temporal's config file */
  readonly address?: string;
  readonly namespace?: string;
  /** A connection that is open already; it is closed with the worker. @default one is opened */
  readonly connection?: WorkerConnection;
  /** A profile of Temporal's config file. @default TEMPORAL_PROFILE */
  readonly profile?: string;
  /** Named points at which a test may stop the process. @default nothing happens there */
  readonly checkpoint?: Checkpoint;
  /** The result of an earlier {@link bundleProject}: starting takes a second or two less. @default the build's, or bundled at the start */
  readonly workflowBundle?: WorkflowBundleOption;
  /** A worker deployment that it is of. @default none: it has no version */
  readonly deployment?: WorkerDeployment;
  /** Limits to set in place of Millrace's own. */
  readonly limits?: WorkerLimits;
}

/** What a worker of a worker deployment is told. */
export interface WorkerDeployment {
  readonly name: string;
  /** @default made from what it runs: see {@link buildIdOf} */
  readonly buildId?: string;
}

/** What one worker takes on at a time. */
export interface WorkerLimits {
  /**
   * Steps at work at once. Fewer than the threads of Node's pool (the environment's `UV_THREADPOOL_SIZE`, 4 unless set).
   * @default the number of processors, at least 2, at most one less than these threads
   */
  readonly maxConcurrentActivityTaskExecutions?: number;
  /** Runs kept in memory between their steps. @default 200 */
  readonly maxCachedWorkflows?: number;
  /** How long a run whose worker is gone waits for it before another takes over. @default '10s' */
  readonly stickyQueueScheduleToStartTimeout?: Duration;
}

/** How long steps at work may go on when the worker is told to stop; with 3 s more it suits the 30 s that systemd and Docker wait. */
export const GRACE_MS = 25_000;

export interface RunningWorker {
  /** Ends when the worker has stopped. Rejects when it failed. */
  readonly done: Promise<void>;
  /** The version that it is of. */
  readonly version?: DeploymentVersion;
  /** Steps, and other activities, that are at work now. */
  atWork(): number;
  /** Takes no new work, lets running steps finish for {@link GRACE_MS}, then interrupts them. */
  stop(): Promise<void>;
}

/**
 * Starts a project's worker: it polls when this returns.
 *
 * @throws TerminalError CONFIG_INVALID, PIPELINE_NAME_MISMATCH; TransientError TEMPORAL_UNREACHABLE,
 * CATALOG_UNAVAILABLE; and what connecting to Temporal throws: TEMPORAL_TLS, CREDENTIALS_REJECTED
 */
export async function createWorker(settings: WorkerSettings): Promise<RunningWorker> {
  const { project } = settings;
  const workflowBundle = settings.workflowBundle ?? (await bundleOf(project));
  const staging = await prepareStaging(project);
  const catalog = await openCatalog(project.catalog);
  const log = openLogWriter(catalog);
  const { connection, address, namespace } = settings.connection ?? (await connectWorker(settings));
  const workerIdentity = `${process.pid}@${os.hostname()}`;
  const services = {
    project,
    connect: connectionsOf(project),
    catalog,
    log,
    staging,
    leftWorks: openLeftWorks(),
    checkpoint: settings.checkpoint ?? (() => Promise.resolve()),
    workerIdentity,
    code: { hash: await codeVersion(workflowBundle), version: millraceVersion() },
  };
  const version = await versionOf(settings, workflowBundle);
  const worker = await Worker.create({
    connection,
    namespace,
    taskQueue: project.taskQueue,
    ...(await workflowsOf(workflowBundle, version)),
    activities: createActivities(services),
    identity: workerIdentity,
    sinks: sinksOf(services),
    ...LIMITS,
    ...settings.limits,
  });
  const reconciler = startReconciler({
    catalog,
    temporal: { client: new Client({ connection, namespace }), address, namespace, close: () => Promise.resolve() },
    log: Runtime.instance().logger,
  });
  const done = runToEnd(worker, async () => {
    await reconciler.stop();
    for (const each of [services.leftWorks, connection, log, catalog, staging]) await each.close();
  });
  return {
    done,
    ...(version && { version }),
    atWork: () => worker.getStatus().numInFlightActivities,
    async stop() {
      void reconciler.stop();
      if (worker.getState() === 'RUNNING') worker.shutdown();
      await done;
    },
  };
}

async function versionOf(
  { deployment, project }: WorkerSettings,
  bundle: WorkflowBundleOption,
): Promise<DeploymentVersion | undefined> {
  if (!deployment) return undefined;
  return { deployment: deployment.name, buildId: deployment.buildId ?? (await buildIdOf(project, bundle)) };
}

/** What a worker is told of its workflows, and of the version that pins them. */
async function workflowsOf(workflowBundle: WorkflowBundleOption, version: DeploymentVersion | undefined) {
  if (!version) return { workflowBundle };
  return {
    workflowBundle: await versionedBundle(workflowBundle),
    workerDeploymentOptions: {
      version: { deploymentName: version.deployment, buildId: version.buildId },
      useWorkerVersioning: true as const,
      defaultVersioningBehavior: 'PINNED' as const,
    },
  };
}

function sinksOf({ log, catalog, leftWorks }: Services) {
  const { logger } = Runtime.instance();
  return {
    ...runLogSinks(log),
    ...runEndSink({ catalog, leftWorks, logger }),
    ...steeringSink({ catalog, logger }),
    ...approvalSink({ catalog, logger }),
  };
}

async function prepareStaging(project: LoadedProject): Promise<Staging> {
  const staging = openStaging(project.staging, project.engine.spillDirectory);
  if (!staging.remote) await mkdir(staging.root, { recursive: true });
  await mkdir(project.engine.spillDirectory, { recursive: true });
  return staging;
}

async function runToEnd(worker: Worker, close: () => Promise<void>): Promise<void> {
  try {
    await worker.run();
  } finally {
    await close();
  }
}

// The SDK's own defaults would cancel running loads on every deploy, deliver a cancellation after 12 s, and keep
// workflows by number whatever their size.
export const LIMITS = {
  shutdownGraceTime: GRACE_MS,
  shutdownForceTime: GRACE_MS + 3_000,
  maxHeartbeatThrottleInterval: '1s',
  defaultHeartbeatThrottleInterval: '1s',
  maxCachedWorkflows: 200,
  maxConcurrentActivityTaskExecutions: stepsAtOnce(),
} as const satisfies Partial<WorkerOptions>;

// A step's statement holds a thread of Node's pool for as long as it works or waits for a lock. Were all of them held by
// steps that wait, the one they wait for could not go on.
function stepsAtOnce(): number {
  const threads = Number(process.env['UV_THREADPOOL_SIZE'] ?? 4);
  return Math.max(2, Math.min(os.availableParallelism(), threads - 1));
}

/** A worker's connection to a server that has its namespace. */
export interface WorkerConnection {
  readonly connection: NativeConnection;
  readonly address: string;
  readonly namespace: string;
}

/**
 * Connects as a worker does.
 *
 * @throws TransientError TEMPORAL_UNREACHABLE; TerminalError TEMPORAL_TLS, CREDENTIALS_REJECTED, CONFIG_INVALID
 */
export async function connectWorker(settings: Pick<WorkerSettings, 'address' | 'namespace'> = {}): Promise<WorkerConnection> {
  const target = temporalTarget(settings);
  // The client's connection finds out what is wrong and says it in words; the worker's own would poll a namespace in vain.
  await (await connectTemporal(target)).close();
  try {
    return {
      connection: await NativeConnection.connect({ ...target.options, address: target.address }),
      address: target.address,
      namespace: target.namespace,
    };
  } catch (error) {
    throw await connectFailure(target, error);
  }
}
