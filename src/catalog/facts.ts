import type { RunChanges, RunCode } from '../core/admission.js';
import type { StoredWatermark } from '../core/cursor.js';
import type { CheckResult } from '../core/checks.js';
import type { LoadMode, LoadResult, SchemaChange } from '../core/load.js';
import type { Manifest, ReasonCount } from '../core/manifest.js';
import type { LoadOptions } from '../core/quarantine.js';
import type { RunPause, WaitingStep } from '../core/steering.js';
import type { StepId, StepKind, StepResult } from '../core/steps.js';

/*
 * What the catalog is told (facts) and what it answers (rows). All times are ISO 8601 texts in UTC, as
 * `Date.toISOString` gives them, so that they sort as text.
 */

/** One execution of a pipeline: a reset or a retry under the same workflow id is another one. */
export interface RunKey {
  readonly workflowId: string;
  readonly runId: string;
}

export interface RetryOf extends RunKey {
  /** The step from which the earlier run's results were not reused. */
  readonly from?: string;
}

export interface RunStarted extends RunKey {
  readonly firstRunId: string;
  readonly pipeline: string;
  readonly partition?: string;
  /** Kept as JSON. */
  readonly params: unknown;
  readonly owner?: string;
  readonly startedAt: string;
  /** The head of the run's load ids, see `RunContext`. */
  readonly loadScope: string;
  readonly retryOf?: RetryOf;
  readonly taskQueue: string;
  readonly workerIdentity: string;
  /** Of Temporal. */
  readonly namespace?: string;
  readonly code?: RunCode;
  readonly changes?: RunChanges;
}

/**
 * What every activity knows of its run. A run that a reset made never says that it started (its `admit` is replayed from
 * history), so the first step that carries this makes its row, from the row of the run that was reset.
 */
export interface RunScope {
  readonly pipeline: string;
  readonly partition?: string;
  readonly loadScope: string;
  /** Of Temporal. */
  readonly namespace?: string;
}

/** How a run tells that it ended. */
export type RunEnd = 'completed' | 'failed' | 'cancelled';

/** How a run ended that could not tell. `forgotten`: Temporal no longer knows it, so that nobody does. */
export type UnseenEnd = RunEnd | 'terminated' | 'timed out' | 'continued' | 'forgotten';

export interface RunFinished extends RunKey {
  readonly status: RunEnd;
  readonly finishedAt: string;
  readonly error?: { readonly code: string; readonly message: string };
  /** Kept as JSON. */
  readonly result?: unknown;
  readonly run?: RunScope;
}

/** The end of a run as somebody saw it who looked from outside. It counts only where the run has not told of its end. */
export interface RunClosed extends RunKey {
  readonly status: UnseenEnd;
  readonly finishedAt: string;
  readonly error?: { readonly code: string; readonly message: string };
  /** Kept as JSON. */
  readonly result?: unknown;
}

/** A run without an end. */
export interface OpenRun extends RunKey {
  readonly namespace: string | null;
  readonly startedAt: string | null;
}

export interface StepKey extends RunKey {
  readonly step: StepId;
  /** From 1, as Temporal counts. */
  readonly attempt: number;
}

export interface StepStarted extends StepKey {
  readonly kind: StepKind;
  readonly name: string;
  readonly startedAt: string;
  readonly workerIdentity: string;
  readonly run?: RunScope;
}

/** A dataset or a table that fed a step; by its `uri`, the step that made it is found. */
export interface StepInput {
  readonly name: string;
  readonly uri: string;
  readonly content: string;
}

/** What a load step did, with what only its input knows. */
export interface RecordedLoad extends LoadResult {
  readonly content: string;
  readonly partition?: string;
  readonly connection: string;
  /** For a load with a watermark: the range by which it moved. */
  readonly moved?: StoredWatermark;
  /** How it was to write, besides the mode. */
  readonly options?: LoadOptions;
  /** The id of the load that it adds rows to, which had been rejected then. */
  readonly addsTo?: string;
}

export interface StepFinished extends StepKey {
  readonly startedAt?: string;
  readonly workerIdentity?: string;
  readonly finishedAt: string;
  /** Kept whole: a later run that retries this one hands it to its workflow. */
  readonly result: StepResult;
  readonly inputs: readonly StepInput[];
  /** The manifest of the dataset the step gave, whether it was made now or found. Its URI is `result.dataset.uri`. */
  readonly manifest?: Manifest;
  readonly load?: RecordedLoad;
  readonly checks?: readonly CheckResult[];
  /** When the run began, for the history of its checks. */
  readonly runStartedAt?: string;
  readonly run?: RunScope;
}

export interface StepFailed extends StepKey {
  readonly startedAt?: string;
  readonly workerIdentity?: string;
  readonly finishedAt: string;
  readonly code: string;
  readonly message: string;
  /** Whether Temporal will start another attempt. */
  readonly willRetry: boolean;
  /**
   * What a validate step wrote before it refused (CONTRACT_BREACH), so that its rejects can be looked at. `dataset` is
   * the manifest's place, as `DatasetRef.uri`.
   */
  readonly judged?: { readonly dataset: string; readonly manifest: Manifest };
  readonly checks?: readonly CheckResult[];
  /** When the run began, for the history of its checks. */
  readonly runStartedAt?: string;
  readonly run?: RunScope;
}

export interface ContractRecorded {
  readonly name: string;
  readonly hash: string;
  /** The canonical text that was hashed. */
  readonly definition: string;
  /** Of several, the earliest counts. @default now */
  readonly seenAt?: string;
}

/** A load as the destination's ledger tells of it: nobody knows of the attempt, and of what it found there. */
export interface LedgerLoadRecorded extends RunKey {
  readonly loadId: string;
  readonly content: string;
  readonly step: StepId;
  readonly connection: string;
  readonly target: string;
  readonly mode: LoadMode;
  readonly partition?: string;
  readonly rows: number;
  readonly watermark?: StoredWatermark;
  readonly loadedAt: string;
  readonly changes?: readonly SchemaChange[];
  readonly deleted?: number;
  readonly addsTo?: string;
}

/** `running` may be out of date for a minute where no worker saw the end: Temporal is the truth of a run's state. */
export type RunStatus = 'running' | UnseenEnd;

export interface RunRow extends RunKey {
  /** `null`, like the others below, for a run whose start nobody recorded. */
  readonly pipeline: string | null;
  readonly firstRunId: string | null;
  readonly partition: string | null;
  readonly params: unknown;
  readonly owner: string | null;
  readonly loadScope: string | null;
  readonly taskQueue: string | null;
  readonly workerIdentity: string | null;
  readonly namespace: string | null;
  readonly retryOf: RetryOf | null;
  /** The run id of the execution that a reset continued as this one. */
  readonly resetOf: string | null;
  readonly status: RunStatus;
  readonly startedAt: string | null;
  readonly finishedAt: string | null;
  readonly error: { readonly code: string; readonly message: string } | null;
  readonly result: unknown;
  /** The hash of the workflow code with which the run began, and Millrace's version. */
  readonly code: string | null;
  readonly version: string | null;
  /** Of a retry: what it does otherwise than the run that it retries. */
  readonly changes: RunChanges | null;
  /** Of a run that is open: since when it starts no new step. */
  readonly paused: RunPause | null;
  /** Of a run that is open: its steps that wait for a decision. */
  readonly waiting: readonly WaitingStep[];
}

/** A step that waits for a decision is `failed` here; {@link RunRow.waiting} tells. */
export type StepStatus = 'running' | 'done' | 'failed' | 'skipped';

/**
 * The deciding attempt of a step: the latest one, since Temporal drops the late results of earlier ones. A step that a
 * run took over from an earlier one, by a retry or a reset, keeps the ids of the run that did it.
 */
export interface StepRow extends StepKey {
  readonly kind: StepKind;
  readonly name: string;
  /** How many attempts are known. */
  readonly attempts: number;
  readonly status: StepStatus;
  readonly startedAt: string | null;
  readonly finishedAt: string | null;
  readonly workerIdentity: string | null;
  /** Present once the step is done. */
  readonly result: StepResult | null;
  readonly inputs: readonly StepInput[];
  readonly error: { readonly code: string; readonly message: string; readonly willRetry: boolean } | null;
  /** Of a step that was not done: the step that somebody skipped, itself or one that it is made of. */
  readonly skipped: StepId | null;
}

/** Where the rejected rows of one validate step are, and why they were rejected. */
export interface QuarantineRow extends StepKey {
  readonly dataset: string;
  readonly datasetUri: string;
  readonly contract: string | null;
  readonly contractHash: string | null;
  /** The rejects file, as a part's path: relative to the staging root unless absolute. */
  readonly rejects: string;
  /** Rows in that file. */
  readonly rows: number;
  readonly rowsRead: number;
  readonly accepted: number;
  /** Most frequent first, at most 20. */
  readonly reasons: readonly ReasonCount[];
}

/** One change of columns that came with a load, see {@link SchemaChange}; `null` where it does not apply. */
export interface SchemaChangeRow {
  readonly step: StepId;
  readonly target: string;
  readonly change: SchemaChange['change'];
  readonly column: string;
  readonly from: string | null;
  readonly to: string | null;
  readonly rows: number | null;
}
