import os from 'node:os';
import { mkdir } from 'node:fs/promises';
import { NativeConnection, Runtime, type WorkflowBundleOption } from '@temporalio/worker';
import { Client } from '@temporalio/client';
import { connectionsOf } from '../../activities/connect.js';
import type { AlertPace } from '../alerts/watch.js';
import { openCatalog, openLogWriter } from '../catalog/index.js';
import type { LoadedProject } from '../config/load.js';
import type { Checkpoint } from '../connectors/contract.js';
import { openLeftWorks } from '../connectors/left-work.js';
import { messageOf } from '../core/errors.js';
import { formatWorkerIdentity } from '../core/worker-identity.js';
import { connectFailure } from '../temporal/connect-failure.js';
import { connectTemporal, type TemporalClient } from '../temporal/connect.js';
import type { DeploymentVersion } from '../temporal/describe-run.js';
import { temporalTarget } from '../temporal/target.js';
import { openStaging } from '../engine/open-staging.js';
import { prepareScratch } from '../engine/scratch.js';
import type { Staging } from '../engine/staging.js';
import { millraceVersion } from '../config/millrace-version.js';
import { buildIdOf } from './build-id.js';
import { startBeside } from './beside.js';
import { bundleOf } from './bundle.js';
import { codeVersion } from './code-version.js';
import { createQueueWorkers, runToEnd, shutDown } from './queue-workers.js';
import { refuseOtherStaging } from './shared-staging.js';
import { workerOptions, type WorkerLimits } from './worker-options.js';

export type { WorkerLimits };

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
  /** Limits to set in place of the project's. */
  readonly limits?: WorkerLimits;
  /** How the watch over alerts keeps time. @default as it is documented */
  readonly alertWatch?: AlertPace;
  /**
   * The task queues to poll. Runs go on where the project's own is among them; on the others, only steps are done.
   * @default the project's own
   */
  readonly queues?: readonly string[] | undefined;
  /** How long steps at work may go on when the worker is told to stop. @default the project's `worker.grace` */
  readonly grace?: string | undefined;
}

/** What a worker of a worker deployment is told. */
export interface WorkerDeployment {
  readonly name: string;
  /** @default made from what it runs: see {@link buildIdOf} */
  readonly buildId?: string;
}

export interface RunningWorker {
  /** Ends when the worker has stopped. Rejects when it failed. */
  readonly done: Promise<void>;
  /** The version that it is of. */
  readonly version?: DeploymentVersion;
  /** The task queues that it polls. */
  readonly queues: readonly string[];
  readonly graceMs: number;
  /** Steps, and other activities, that are at work now. */
  atWork(): number;
  /** Takes no new work, lets running steps finish for the time of grace, then interrupts them. */
  stop(): Promise<void>;
}

/**
 * Starts a project's worker: it polls when this returns.
 *
 * @throws TerminalError CONFIG_INVALID, PIPELINE_NAME_MISMATCH; TransientError TEMPORAL_UNREACHABLE,
 * CATALOG_UNAVAILABLE; TransientError STAGING_NOT_SHARED; and what connecting to Temporal throws: TEMPORAL_TLS, CREDENTIALS_REJECTED
 */
export async function createWorker(settings: WorkerSettings): Promise<RunningWorker> {
  const { project } = settings;
  const workflowBundle = settings.workflowBundle ?? (await bundleOf(project));
  const staging = await prepareStaging(project);
  const { connection, address, namespace } = settings.connection ?? (await connectWorker(settings));
  const temporal = { client: new Client({ connection, namespace }), address, namespace, close: () => Promise.resolve() };
  const queues = [...new Set(settings.queues ?? [project.taskQueue])];
  const workerIdentity = await identify(temporal, queues, staging);
  const catalog = await openCatalog(project.catalog);
  const log = openLogWriter(catalog);
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
  const { limits, grace = project.worker.grace } = settings;
  const options = workerOptions({ ...project.worker, grace }, limits);
  const server = { connection, namespace, workflowBundle, version };
  const steps = limits?.maxConcurrentActivityTaskExecutions ?? project.worker.steps;
  const workers = await createQueueWorkers(services, server, { queues, options, steps });
  const beside = startBeside({ project, catalog, temporal, alertWatch: settings.alertWatch });
  const done = runToEnd(workers, async () => {
    await beside.stop();
    for (const each of [services.leftWorks, connection, log, catalog, staging]) await each.close();
  });
  return {
    done,
    queues,
    graceMs: options.shutdownGraceTime,
    ...(version && { version }),
    atWork: () => workers.reduce((sum, worker) => sum + worker.getStatus().numInFlightActivities, 0),
    async stop() {
      void beside.stop();
      shutDown(workers);
      await done;
    },
  };
}

async function versionOf(
  { project, deployment }: WorkerSettings,
  workflowBundle: WorkflowBundleOption,
): Promise<DeploymentVersion | undefined> {
  if (!deployment) return undefined;
  return { deployment: deployment.name, buildId: deployment.buildId ?? (await buildIdOf(project, workflowBundle)) };
}

async function prepareStaging(project: LoadedProject): Promise<Staging> {
  const staging = openStaging(project.staging, project.engine.spillDirectory);
  if (!staging.remote) await mkdir(staging.root, { recursive: true });
  await prepareScratch(project.engine.spillDirectory);
  return staging;
}

async function identify(temporal: TemporalClient, queues: readonly string[], staging: Staging): Promise<string> {
  const identity = { pid: process.pid, host: os.hostname(), staging: await stagingId(staging) };
  await refuseOtherStaging(temporal, queues, identity, staging.root);
  return formatWorkerIdentity(identity);
}

/** Unknown while the bucket can't be reached: the steps will say why. */
async function stagingId(staging: Staging): Promise<string | undefined> {
  try {
    return await staging.id();
  } catch (error) {
    const { logger } = Runtime.instance();
    logger.warn(`Whether other workers have the same staging could not be found out: ${messageOf(error)}`);
    return undefined;
  }
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
