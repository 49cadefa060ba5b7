export type {
  AlertDelivery,
  AlertFilter,
  AlertRouting,
  AlertRow,
  ClaimedDelivery,
  DeliveryOutcome,
  DeliveryState,
  EndedRun,
  SloKind,
  SloStateRow,
  UntoldBackfill,
  UntoldFailure,
  UntoldRejects,
} from './alert-facts.js';
export { ALERT_KEYS, type RejectsBound } from './alert-sources.js';
export type { AuditFilter, AuditOutcome, AuditRow, TokenRecord } from './access-facts.js';
export type { ApprovalFilter, ApprovalPlace, ApprovalRow } from './approval-queries.js';
export type { ApprovalRecorded } from './approval-facts.js';
export type {
  BackfillFilter,
  BackfillHead,
  BackfillPartitionRow,
  BackfillRecorded,
  BackfillRow,
  PartitionRange,
  PartitionRunRow,
} from './backfill-facts.js';
export type { ArchivedRun, ArchiveFact, ArchiveState, RunToArchive } from './archive-records.js';
export type { Catalog } from './catalog.js';
export type { Lease } from './leases.js';
export type { PoolRow } from './pool-records.js';
export type { RunFilter, RunPlace } from './run-filter.js';
export type { AuditOverride, CheckHistoryRequest, CheckResultRow } from './check-facts.js';
export type {
  ContractRecorded,
  LedgerLoadRecorded,
  OpenRun,
  QuarantineRow,
  RecordedLoad,
  RetryOf,
  RunClosed,
  RunEnd,
  RunFinished,
  RunKey,
  RunRow,
  RunScope,
  RunStarted,
  RunStatus,
  SchemaChangeRow,
  StepFailed,
  StepFinished,
  StepInput,
  StepKey,
  StepRow,
  StepStarted,
  StepStatus,
  UnseenEnd,
} from './facts.js';
export type { RunDecided, StepSkipped } from './steering-facts.js';
export type { ContractUses, ContractVersionRow, LoadRow } from './use-facts.js';
export { catalogName, openCatalog, type CatalogOptions } from './open-catalog.js';
export { openLogWriter, type LogWriter } from './log-writer.js';
export { findRejecting, planAdditions, type RejectingStep } from './replay-plan.js';
export type { TriggerEvaluationFilter, TriggerEvaluationRow } from './trigger-records.js';
export type { SchedulePause, TickFilter } from './schedule-statements.js';
export { reusableSteps } from './step-lineage.js';
