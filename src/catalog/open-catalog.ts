import { accessRecords } from './access-records.js';
import { alertRecords } from './alert-records.js';
import { AnnouncedRuns } from './announced-runs.js';
import { approvalRecords } from './approval-records.js';
import { alertSources } from './alert-sources.js';
import { backfillRecords } from './backfill-records.js';
import { archiveRecords } from './archive-records.js';
import type { Catalog } from './catalog.js';
import { checkHistory, listAuditOverrides, listCheckResults, recordAuditOverride } from './check-results.js';
import type { CatalogDatabase } from './database.js';
import { findDataset, listDatasets } from './dataset-queries.js';
import { listDatasetUses } from './dataset-uses.js';
import { recordContractVersion, recordDataset, recordLedgerLoad } from './dataset-statements.js';
import { closeRun, lastHeardOf, listOpenRuns } from './closing.js';
import { contractsOfRun, contractUses, listContractVersions } from './contract-queries.js';
import { findLoad, listAdditions } from './load-queries.js';
import { dropLease, readLease, takeLease } from './leases.js';
import { poolRecords } from './pool-records.js';
import { postgresDatabase, postgresName, type PostgresPlace } from './postgres-database.js';
import { retentionRecords } from './retention-records.js';
import { findRun, listRuns } from './run-queries.js';
import { finishRun, startRun } from './run-statements.js';
import { keepLog, listLog } from './log-statements.js';
import { sqliteDatabase } from './sqlite-database.js';
import { sloRecords } from './slo-records.js';
import { scheduleRecords } from './schedule-statements.js';
import { listSchemaChanges } from './schema-changes.js';
import { listAttempts, listQuarantine, listSteps } from './step-queries.js';
import { steeringRecords } from './steering.js';
import { triggerRecords } from './trigger-records.js';
import { failStep, finishStep, startStep } from './step-statements.js';

/** Where the catalog is. The file with its folder, or the schema, is made when it is not there. */
export type CatalogOptions = { readonly path: string } | PostgresPlace;

/** A catalog's place as people name it; no secret. @throws TerminalError CONFIG_INVALID when its URL is none */
export function catalogName(options: CatalogOptions): string {
  return 'path' in options ? options.path : postgresName(options);
}

/**
 * Opens the catalog and brings its tables up to date. Any number of processes may do so at once.
 *
 * @throws TransientError CATALOG_UNAVAILABLE when the database cannot be reached or opened, is damaged, or stays locked for 5 s
 * @throws TerminalError CONFIG_INVALID, CREDENTIALS_REJECTED, DATABASE_MISSING, PERMISSION_DENIED, from Postgres
 */
export async function openCatalog(options: CatalogOptions): Promise<Catalog> {
  const database: CatalogDatabase = 'path' in options ? sqliteDatabase(options.path) : postgresDatabase(options);
  await database.read(() => Promise.resolve());
  return {
    name: database.name,
    ...factRecords(database),
    findRun: (workflowId, runId) => database.read((db) => findRun(db, workflowId, runId)),
    listRuns: (filter) => database.read((db) => listRuns(db, filter)),
    listSteps: (workflowId, runId) => database.read((db) => listSteps(db, workflowId, runId)),
    listSchemaChanges: (workflowId, runId) => database.read((db) => listSchemaChanges(db, workflowId, runId)),
    listQuarantine: (workflowId, runId) => database.read((db) => listQuarantine(db, workflowId, runId)),
    listCheckResults: (workflowId, runId) => database.read((db) => listCheckResults(db, workflowId, runId)),
    checkHistory: (request) => database.read((db) => checkHistory(db, request)),
    recordAuditOverride: (fact) => database.write((db) => recordAuditOverride(db, fact)),
    listAuditOverrides: (workflowId, runId) => database.read((db) => listAuditOverrides(db, workflowId, runId)),
    listContractVersions: () => database.read((db) => listContractVersions(db)),
    contractsOfRun: (run) => database.read((db) => contractsOfRun(db, run)),
    contractUses: (name) => database.read((db) => contractUses(db, name)),
    findLoad: (loadId, content) => database.read((db) => findLoad(db, loadId, content)),
    listAdditions: (loadId) => database.read((db) => listAdditions(db, loadId)),
    listAttempts: (workflowId, runId) => database.read((db) => listAttempts(db, workflowId, runId)),
    listDatasets: (filter) => database.read((db) => listDatasets(db, filter)),
    findDataset: (uri) => database.read((db) => findDataset(db, uri)),
    listDatasetUses: () => database.read((db) => listDatasetUses(db)),
    recordLog: (lines) => database.write((db) => keepLog(db, lines)),
    listLog: (workflowId, runId) => database.read((db) => listLog(db, workflowId, runId)),
    listOpenRuns: (filter) => database.read((db) => listOpenRuns(db, filter)),
    lastHeardOf: (run) => database.read((db) => lastHeardOf(db, run)),
    readLease: (name) => database.read((db) => readLease(db, name)),
    takeLease: (name, holder, seen) => database.write((db) => takeLease(db, name, holder, seen)),
    dropLease: (name, holder) => database.write((db) => dropLease(db, name, holder)),
    ...recordsOf(database),
    close: () => database.close(),
  };
}

/** What runs and their steps tell of themselves. */
function factRecords(database: CatalogDatabase) {
  const announced = new AnnouncedRuns();
  return {
    async recordRunStarted(fact) {
      const opened = await database.write((db, file) => startRun(db, fact).then(() => file));
      announced.add(opened, fact);
    },
    recordRunFinished: (fact) => database.write((db, opened) => finishRun(db, fact, { isRunKnown: announced.has(opened, fact) })),
    recordStepStarted: (fact) => database.write((db) => startStep(db, fact)),
    recordStepFinished: (fact) =>
      database.write((db, opened) => finishStep(db, fact, { isRunKnown: announced.has(opened, fact) })),
    recordStepFailed: (fact) => database.write((db) => failStep(db, fact)),
    recordContract: (fact) => database.write((db) => recordContractVersion(db, fact)),
    recordDataset: (uri, manifest) => database.write((db) => recordDataset(db, uri, manifest)),
    recordLedgerLoad: (fact) => database.write((db) => recordLedgerLoad(db, fact)),
    recordRunClosed: (fact) => database.write((db) => closeRun(db, fact)),
  } satisfies Partial<Catalog>;
}

/** What areas of their own keep. */
function recordsOf(database: CatalogDatabase) {
  return {
    ...accessRecords(database),
    ...alertRecords(database),
    ...approvalRecords(database),
    ...alertSources(database),
    ...sloRecords(database),
    ...archiveRecords(database),
    ...retentionRecords(database),
    ...poolRecords(database),
    ...triggerRecords(database),
    ...steeringRecords(database),
    ...backfillRecords(database),
    ...scheduleRecords(database),
  };
}
