export type { Catalog } from './catalog.js';
export type {
  ContractRecorded,
  QuarantineRow,
  RecordedLoad,
  RetryOf,
  RunEnd,
  RunFilter,
  RunFinished,
  RunKey,
  RunRow,
  RunScope,
  RunStarted,
  RunStatus,
  StepFailed,
  StepFinished,
  StepInput,
  StepKey,
  StepRow,
  StepStarted,
  StepStatus,
} from './facts.js';
export { catalogName, openCatalog, type CatalogOptions } from './open-catalog.js';
export { openLogWriter, type LogWriter } from './log-writer.js';
export { reusableSteps } from './step-lineage.js';
