import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { localCaller } from '../../src/access/local-caller.js';
import type { Operations } from '../../src/api/index.js';
import { openCatalog, type Catalog } from '../../src/catalog/index.js';
import { loadProject } from '../../src/config/load.js';
import { obtainTemporal } from '../../src/dev/temporal-binary.js';
import { startTemporalServer } from '../../src/dev/temporal-server.js';
import { localOperations } from '../../src/operations/perform.js';
import { openTemporalStates } from '../../src/operations/temporal-states.js';
import { connectTemporal, type TemporalClient } from '../../src/temporal/connect.js';
import { temporalTarget } from '../../src/temporal/target.js';
import { createWorker, type RunningWorker } from '../../src/worker/worker.js';

export const TASK_QUEUE = 'soak';

/** A server and a worker in this process. */
export interface Site {
  readonly temporal: TemporalClient;
  readonly catalog: Catalog;
  readonly worker: RunningWorker;
  readonly operations: Operations;
}

/** Starts everything, does the work, and ends it whatever happens. */
export async function withSite<T>(notice: (line: string) => void, work: (site: Site) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(path.join(tmpdir(), 'millrace-soak-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));
  const { path: binary } = await obtainTemporal({ notice });
  const server = await startTemporalServer({ binary, uiPort: null });
  const loaded = await loadProject(path.join(import.meta.dirname, 'project'));
  const project = {
    ...loaded,
    taskQueue: TASK_QUEUE,
    staging: { root: path.join(folder, 'staging') },
    engine: { ...loaded.engine, spillDirectory: path.join(folder, 'spill') },
    catalog: { path: path.join(folder, 'catalog.db') },
  };
  const worker = await createWorker({ project, address: server.address });
  const temporal = await connectTemporal(temporalTarget({ address: server.address }));
  const catalog = await openCatalog(project.catalog);
  const states = openTemporalStates(temporal, TASK_QUEUE);
  const operations = localOperations({ project, catalog, temporal, states }, localCaller());
  try {
    return await work({ temporal, catalog, worker, operations });
  } finally {
    await worker.stop();
    await catalog.close();
    await temporal.close();
    await server.stop();
  }
}
