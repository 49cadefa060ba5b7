import { randomBytes } from 'node:crypto';
import path from 'node:path';
import { Client, Connection, type WorkflowHandleWithFirstExecutionRunId } from '@temporalio/client';
import { loadProject, type CatalogPlace, type LoadedProject } from '../../src/config/load.js';
import type { Checkpoint } from '../../src/connectors/contract.js';
import { createWorker, type RunningWorker, type WorkerLimits } from '../../src/worker/worker.js';
import { temporalAddress } from './temporal.js';

/** A project's worker in this process, with a task queue, staging and catalog of its own. */
export interface ProjectWorker {
  readonly project: LoadedProject;
  readonly client: Client;
  readonly taskQueue: string;
  /** Starts a run under a fresh id, or the given one. */
  readonly start: (
    pipeline: string,
    args: readonly unknown[],
    workflowId?: string,
  ) => Promise<WorkflowHandleWithFirstExecutionRunId>;
  readonly stop: () => Promise<void>;
}

export interface ProjectWorkerOptions {
  readonly checkpoint?: Checkpoint;
  readonly maxBytes?: number;
  readonly catalog?: CatalogPlace;
  readonly limits?: WorkerLimits;
  /** @default false: what a test finds in the catalog is what it did */
  readonly archive?: LoadedProject['archive'];
  readonly retention?: LoadedProject['retention'];
  /** Of a Temporal server of the test's own. @default the shared one */
  readonly address?: string;
}

/**
 * Starts the worker of a fixture project against the shared Temporal server.
 *
 * @param folder where staging, spill and catalog go
 * @param environment set in this process before the project is loaded
 */
export async function startProjectWorker(
  directory: string,
  folder: string,
  environment: Readonly<Record<string, string>>,
  options: ProjectWorkerOptions = {},
): Promise<ProjectWorker> {
  Object.assign(process.env, environment);
  const loaded = await loadProject(directory);
  const taskQueue = `test-${randomBytes(5).toString('hex')}`;
  const project: LoadedProject = {
    ...loaded,
    taskQueue,
    staging: { root: path.join(folder, 'staging'), maxBytes: options.maxBytes },
    archive: options.archive ?? false,
    retention: options.retention,
    engine: { ...loaded.engine, memoryLimit: '500MB', spillDirectory: path.join(folder, 'spill') },
    catalog: options.catalog ?? { path: path.join(folder, 'catalog.db') },
  };
  const { checkpoint, limits, address = await temporalAddress() } = options;
  const worker: RunningWorker = await createWorker({ project, address, checkpoint, limits });
  const connection = await Connection.connect({ address });
  const client = new Client({ connection });
  return {
    project,
    client,
    taskQueue,
    start: (pipeline, args, workflowId = `${pipeline}-${randomBytes(5).toString('hex')}`) =>
      client.workflow.start(pipeline, { taskQueue, workflowId, args: [...args] }),
    async stop() {
      await worker.stop();
      await connection.close();
    },
  };
}
