import type { Catalog } from './catalog.js';
import { catalogDatabase } from './database.js';
import { recordContractVersion } from './dataset-statements.js';
import { findRun, listRuns } from './run-queries.js';
import { finishRun, startRun } from './run-statements.js';
import { listQuarantine, listSteps } from './step-queries.js';
import { failStep, finishStep, startStep } from './step-statements.js';

export interface CatalogOptions {
  /** The SQLite file. It and its folder are made when they are not there. */
  readonly path: string;
}

/**
 * Opens the catalog and brings its tables up to date. Any number of processes may do so at once.
 *
 * @throws TransientError CATALOG_UNAVAILABLE when the file cannot be opened, is damaged, or stays locked for 5 s
 */
export async function openCatalog(options: CatalogOptions): Promise<Catalog> {
  const database = catalogDatabase(options.path);
  await database.read(() => Promise.resolve());
  return {
    recordRunStarted: (fact) => database.write((db) => startRun(db, fact)),
    recordRunFinished: (fact) => database.write((db) => finishRun(db, fact)),
    recordStepStarted: (fact) => database.write((db) => startStep(db, fact)),
    recordStepFinished: (fact) => database.write((db) => finishStep(db, fact)),
    recordStepFailed: (fact) => database.write((db) => failStep(db, fact)),
    recordContract: (fact) => database.write((db) => recordContractVersion(db, fact)),
    findRun: (workflowId, runId) => database.read((db) => findRun(db, workflowId, runId)),
    listRuns: (filter) => database.read((db) => listRuns(db, filter)),
    listSteps: (workflowId, runId) => database.read((db) => listSteps(db, workflowId, runId)),
    listQuarantine: (workflowId, runId) => database.read((db) => listQuarantine(db, workflowId, runId)),
    close: () => database.close(),
  };
}
