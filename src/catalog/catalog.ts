import type { AccessRecords } from './access-records.js';
import type { ArchiveRecords } from './archive-records.js';
import type { AlertRecords } from './alert-records.js';
import type { ApprovalRecords } from './approval-records.js';
import type { AlertSources } from './alert-sources.js';
import type { SloRecords } from './slo-records.js';
import type { DatasetUse } from '../core/staging-sweep.js';
import type { LogLine } from '../core/run-log.js';
import type { Manifest } from '../core/manifest.js';
import type { BackfillRecords } from './backfill-records.js';
import type { AuditOverride, CheckHistoryRequest, CheckResultRow } from './check-facts.js';
import type { OpenRunFilter } from './closing.js';
import type { DatasetDetail, DatasetFilter, DatasetRow } from './dataset-queries.js';
import type { Lease } from './leases.js';
import type { PoolRecords } from './pool-records.js';
import type { RetentionRecords } from './retention-records.js';
import type { RunFilter } from './run-filter.js';
import type { ScheduleRecords } from './schedule-statements.js';
import type {
  ContractRecorded,
  LedgerLoadRecorded,
  OpenRun,
  QuarantineRow,
  RunClosed,
  RunFinished,
  RunKey,
  RunRow,
  RunStarted,
  SchemaChangeRow,
  StepFailed,
  StepFinished,
  StepRow,
  StepStarted,
} from './facts.js';
import type { SteeringRecords } from './steering.js';
import type { TriggerRecords } from './trigger-records.js';
import type { ContractUses, ContractVersionRow, LoadRow } from './use-facts.js';

/**
 * The database of runs, steps, datasets, quality, quarantine and loads: a projection of facts, never the truth of a
 * run's state.
 *
 * Facts are idempotent per run, step and attempt: told again, they change nothing; told in any order, they end in the
 * same rows. Every method throws TransientError CATALOG_UNAVAILABLE when the database cannot be read or written, or stays
 * locked by other processes for some seconds; nothing of that fact has been kept then, or it counts when it is told again.
 */
export interface Catalog
  extends
    AccessRecords,
    AlertRecords,
    AlertSources,
    ApprovalRecords,
    ArchiveRecords,
    BackfillRecords,
    PoolRecords,
    RetentionRecords,
    ScheduleRecords,
    SloRecords,
    SteeringRecords,
    TriggerRecords {
  /** Where it is, as people name it: the file's path, or server, database and schema. No secret. */
  readonly name: string;
  recordRunStarted(fact: RunStarted): Promise<void>;
  /** When a run ends twice (its last workflow task was lost and done anew), the later end counts. */
  recordRunFinished(fact: RunFinished): Promise<void>;
  recordStepStarted(fact: StepStarted): Promise<void>;
  /** An attempt that has finished stays finished, whatever else is said of it. */
  recordStepFinished(fact: StepFinished): Promise<void>;
  recordStepFailed(fact: StepFailed): Promise<void>;
  recordContract(fact: ContractRecorded): Promise<void>;
  /** A dataset by itself, with its parents. */
  recordDataset(uri: string, manifest: Manifest): Promise<void>;
  /** @returns whether the load was not known */
  recordLedgerLoad(fact: LedgerLoadRecorded): Promise<boolean>;
  /**
   * Writes the end of a run as seen from outside, unless the run has told of one; its steps at work end with it.
   *
   * @returns whether it was written
   */
  recordRunClosed(fact: RunClosed): Promise<boolean>;
  /** One run, or the latest of its workflow id when `runId` is absent. */
  findRun(workflowId: string, runId?: string): Promise<RunRow | undefined>;
  /** Latest first. */
  listRuns(filter: RunFilter): Promise<RunRow[]>;
  /**
   * The deciding attempt of each step in order of start. Steps that the run took over from an earlier one (what a retry
   * reuses, what a reset kept) are among them, under the ids of the run that did them.
   */
  listSteps(workflowId: string, runId: string): Promise<StepRow[]>;
  listQuarantine(workflowId: string, runId: string): Promise<QuarantineRow[]>;
  /** Every version of every contract, the one used last first. */
  listContractVersions(): Promise<ContractVersionRow[]>;
  /** The contracts that a run's steps used: hashes by name. */
  contractsOfRun(run: RunKey): Promise<ReadonlyMap<string, string>>;
  contractUses(name: string): Promise<ContractUses>;
  /** One load, by its id and what it loaded. */
  findLoad(loadId: string, content: string): Promise<LoadRow | undefined>;
  /** The loads that added rows to this one which had been rejected, earliest first. */
  listAdditions(loadId: string): Promise<LoadRow[]>;
  /** How the run's loads changed the columns of their targets, step by step. */
  listSchemaChanges(workflowId: string, runId: string): Promise<SchemaChangeRow[]>;
  /** What the checks of the run's steps found, step by step. */
  listCheckResults(workflowId: string, runId: string): Promise<CheckResultRow[]>;
  /** The values that a check found in earlier runs, latest first. */
  checkHistory(request: CheckHistoryRequest): Promise<number[]>;
  /** Keeps a decision. Unlike the rest it is no projection: nothing else may know of it. */
  recordAuditOverride(fact: AuditOverride): Promise<void>;
  listAuditOverrides(workflowId: string, runId: string): Promise<AuditOverride[]>;
  /** Every attempt of the run's own steps, in order of start. */
  listAttempts(workflowId: string, runId: string): Promise<StepRow[]>;
  /** Datasets, the latest first. */
  listDatasets(filter: DatasetFilter): Promise<DatasetRow[]>;
  /** One dataset with its lineage, its quality and its loads. */
  findDataset(uri: string): Promise<DatasetDetail | undefined>;
  /** Every dataset that a step of a run made or used again, with that run. */
  listDatasetUses(): Promise<DatasetUse[]>;
  /** Keeps lines of runs' logs: up to 100 at a time. */
  recordLog(lines: readonly LogLine[]): Promise<void>;
  /** What the run's own code and its steps have logged, in order of time. */
  listLog(workflowId: string, runId: string): Promise<LogLine[]>;
  /** Runs without an end, by workflow id and run id. */
  listOpenRuns(filter: OpenRunFilter): Promise<OpenRun[]>;
  /** When the catalog was last told something of a run. */
  lastHeardOf(run: RunKey): Promise<string | null>;
  /** Who holds a lease, by which workers agree who does what only one of them shall do. */
  readLease(name: string): Promise<Lease | undefined>;
  /** Takes or renews a lease that still stands as it was `seen`; `undefined` when somebody was faster. */
  takeLease(name: string, holder: string, seen: Lease | undefined): Promise<Lease | undefined>;
  dropLease(name: string, holder: string): Promise<void>;
  close(): Promise<void>;
}
