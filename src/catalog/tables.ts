import type { Kysely } from 'kysely';
import type { AuditOverridesTable, RunDecisionsTable, RunHoldsTable } from './steering-tables.js';
import type { ApprovalsTable } from './approval-tables.js';
import type { AlertDeliveriesTable, AlertsTable, AlertWatchesTable, SloStatesTable } from './alert-tables.js';
import type { PoolsTable } from './pool-tables.js';
import type { AuditTable, TokensTable } from './access-tables.js';
import type { ScheduleHorizonsTable, SchedulePausesTable, ScheduleTicksTable } from './schedule-tables.js';
import type { TriggerEvaluationsTable, TriggerMarksTable } from './trigger-tables.js';
import type { BackfillPartitionsTable, BackfillsTable } from './backfill-tables.js';

/*
 * The catalog's tables as Kysely types them. Texts, integers and nothing else, so that SQLite and Postgres hold the same:
 * JSON and times are texts, truth values are 0 and 1.
 */

export interface RunsTable {
  workflow_id: string;
  run_id: string;
  first_run_id: string | null;
  pipeline: string | null;
  partition: string | null;
  params: string | null;
  owner: string | null;
  load_scope: string | null;
  task_queue: string | null;
  worker_identity: string | null;
  retry_of: string | null;
  status: string;
  started_at: string | null;
  finished_at: string | null;
  error_code: string | null;
  error_message: string | null;
  result: string | null;
  /** Whether the run itself said that it started, as a run made by a reset never does. */
  announced: number;
  /** Of Temporal. */
  namespace: string | null;
  /** A hash of the workflow code, and Millrace's version, with which the run began. */
  code: string | null;
  version: string | null;
  /** JSON: what a retry changes against the run that it retries. */
  changes: string | null;
  /** See `ArchiveState`; `null` until somebody has archived the run's history or found it gone. */
  archive: string | null;
  archived_at: string | null;
  archive_events: number | null;
  /** Compressed. */
  archive_bytes: number | null;
}

interface StepKeyColumns {
  workflow_id: string;
  run_id: string;
  step: string;
  attempt: number;
}

export interface StepRunsTable extends StepKeyColumns {
  kind: string;
  name: string;
  status: string;
  started_at: string | null;
  finished_at: string | null;
  worker_identity: string | null;
  result: string | null;
  inputs: string;
  dataset_uri: string | null;
  error_code: string | null;
  error_message: string | null;
  will_retry: number | null;
  /** Of a step that was not done: the step that somebody skipped. */
  skipped: string | null;
}

export interface DatasetsTable {
  uri: string;
  name: string;
  key: string;
  content: string;
  schema: string;
  columns: string;
  contract: string | null;
  contract_hash: string | null;
  rows: number | null;
  bytes: number;
  reproducible: number;
  engine: string;
  created_at: string;
  /** JSON: the slice of the source that was read by a cursor. */
  range: string | null;
}

export interface DatasetParentsTable {
  uri: string;
  parent_uri: string;
  parent_name: string;
  parent_content: string;
}

export interface ContractVersionsTable {
  name: string;
  hash: string;
  definition: string;
  first_seen_at: string;
}

export interface QualityResultsTable extends StepKeyColumns {
  dataset_uri: string;
  dataset: string;
  contract: string | null;
  contract_hash: string | null;
  rows_read: number;
  accepted: number;
  rejected: number;
  judged_by_sql: number;
  undecided: number;
  judged_by_zod: number;
}

export interface QualityReasonsTable extends StepKeyColumns {
  /** From 0, most frequent first. */
  position: number;
  code: string;
  path: string;
  message: string;
  rows: number;
}

export interface QuarantineTable extends StepKeyColumns {
  dataset_uri: string;
  rejects_uri: string;
  rows: number;
}

export interface LoadsTable extends StepKeyColumns {
  load_id: string;
  content: string;
  connection: string;
  target: string;
  mode: string;
  partition: string | null;
  rows: number;
  replaced: number;
  already_done: number;
  created: number;
  loaded_at: string;
  /** JSON: the range by which the load moved its watermark. */
  watermark: string | null;
  deleted: number | null;
  /** JSON: how it was to write besides its mode; null where nobody has told. */
  options: string | null;
  /** The id of the load that it adds rows to, which had been rejected then. */
  adds_to: string | null;
}

export interface SchemaChangesTable {
  load_id: string;
  content: string;
  /** From 0, in the order in which the load tells them. */
  position: number;
  target: string;
  change: string;
  column: string;
  from_type: string | null;
  to_type: string | null;
  rows: number | null;
}

export interface CheckResultsTable extends StepKeyColumns {
  /** From 0, in the order of the checks. */
  position: number;
  pipeline: string | null;
  partition: string | null;
  load_scope: string | null;
  run_started_at: string | null;
  check_set: string;
  name: string;
  kind: string;
  input: string;
  severity: string;
  passed: number;
  overridden: number;
  observed: string;
  bound: string;
  /** A number as text. */
  value: string | null;
  /** JSON. */
  examples: string;
  judged_at: string;
}

export interface LogLinesTable {
  workflow_id: string;
  run_id: string;
  /** Empty for the pipeline's own code. */
  step: string;
  attempt: number;
  line: number;
  at: string;
  level: string;
  message: string;
  /** JSON. */
  facts: string | null;
}

export interface LeasesTable {
  name: string;
  holder: string;
  /** How often it was taken or renewed: one that stands still has lost its holder. No clock is compared. */
  beat: number;
}

export interface CatalogTables {
  runs: RunsTable;
  step_runs: StepRunsTable;
  datasets: DatasetsTable;
  dataset_parents: DatasetParentsTable;
  contract_versions: ContractVersionsTable;
  quality_results: QualityResultsTable;
  quality_reasons: QualityReasonsTable;
  quarantine: QuarantineTable;
  loads: LoadsTable;
  schema_changes: SchemaChangesTable;
  check_results: CheckResultsTable;
  audit_overrides: AuditOverridesTable;
  run_decisions: RunDecisionsTable;
  run_holds: RunHoldsTable;
  log_lines: LogLinesTable;
  leases: LeasesTable;
  schedule_ticks: ScheduleTicksTable;
  schedule_pauses: SchedulePausesTable;
  schedule_horizons: ScheduleHorizonsTable;
  trigger_evaluations: TriggerEvaluationsTable;
  trigger_marks: TriggerMarksTable;
  tokens: TokensTable;
  audit: AuditTable;
  backfills: BackfillsTable;
  backfill_partitions: BackfillPartitionsTable;
  alerts: AlertsTable;
  approvals: ApprovalsTable;
  alert_deliveries: AlertDeliveriesTable;
  slo_states: SloStatesTable;
  alert_watches: AlertWatchesTable;
  pools: PoolsTable;
}

/** What statements run on: the database, or a transaction in it. */
export type CatalogSession = Kysely<CatalogTables>;
