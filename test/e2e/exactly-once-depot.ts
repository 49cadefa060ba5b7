import { randomBytes } from 'node:crypto';
import { readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Client, Connection, type WorkflowHandleWithFirstExecutionRunId } from '@temporalio/client';
import { loadProject } from '../../src/config/load.js';
import { bundleProject } from '../../src/worker/bundle.js';
import { spawnCrashingWorker, type Arrival, type CrashingWorker, type WorkerSetup } from '../support/crashing-worker.js';
import { lastingFolder } from '../support/folder.js';
import { createTestDatabase, type TestDatabase } from '../support/postgres.js';
import { temporalAddress } from '../support/temporal.js';

const PROJECT = path.resolve(import.meta.dirname, '../fixtures/depot');

/** The fixture project `depot` with a lake, a warehouse, staging and a catalog of its own; its workers are processes. */
export interface Depot {
  readonly db: TestDatabase;
  /** The folder that the project reads files from. */
  readonly lake: string;
  readonly stagingRoot: string;
  readonly catalogPath: string;
  readonly client: Client;
  readonly setup: WorkerSetup;
  /** Starts a worker process that does not poll yet; it is killed, at the latest, by `close`. */
  readonly spawn: (holds?: (arrival: Arrival) => boolean) => CrashingWorker;
  /** Starts a run of a pipeline under a fresh id. */
  readonly start: (pipeline: string, params: unknown) => Promise<WorkflowHandleWithFirstExecutionRunId>;
  readonly close: () => Promise<void>;
}

/** @param steps how many steps one worker process takes on at a time */
export async function openDepot(steps: number): Promise<Depot> {
  const [db, address] = await Promise.all([createTestDatabase(), temporalAddress()]);
  const [lake, folder] = [lastingFolder(), lastingFolder()];
  const environment = { DEPOT_LAKE: lake, DEPOT_WAREHOUSE: db.url };
  const bundle = await bundleProject(await loadProject(PROJECT));
  const bundlePath = path.join(folder, 'workflows.js');
  await writeFile(bundlePath, bundle.code);
  const connection = await Connection.connect({ address });
  const client = new Client({ connection });
  const taskQueue = `depot-${randomBytes(5).toString('hex')}`;
  const workers = new Set<CrashingWorker>();
  return {
    db,
    lake,
    stagingRoot: path.join(folder, 'staging'),
    catalogPath: path.join(folder, 'catalog.db'),
    client,
    setup: { address, taskQueue, bundlePath, folder, steps },
    spawn(holds = () => false) {
      const worker = spawnCrashingWorker(PROJECT, environment, holds);
      workers.add(worker);
      return worker;
    },
    start: (pipeline, params) =>
      client.workflow.start(pipeline, {
        taskQueue,
        workflowId: `${pipeline}-${randomBytes(5).toString('hex')}`,
        args: [params],
      }),
    async close() {
      await Promise.all([...workers].map((worker) => worker.kill()));
      await connection.close();
      await db.drop();
    },
  };
}

/** What a load or a crash may have left in the database and in staging: nothing, once the workers are gone. */
export async function leftovers(depot: Depot): Promise<{ tables: string[]; attempts: string[]; sessions: string[] }> {
  const names = async (sql: string): Promise<string[]> => (await depot.db.query<{ name: string }>(sql)).map(({ name }) => name);
  return {
    tables: await names(`SELECT relname AS name FROM pg_class WHERE relkind = 'r' AND relname LIKE 'staging%'`),
    attempts: await readdir(path.join(depot.stagingRoot, 'attempts')),
    sessions: await names(
      `SELECT concat_ws(' ', application_name, state, query) AS name FROM pg_stat_activity
       WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'`,
    ),
  };
}
