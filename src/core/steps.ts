import type { Answer } from './answer.js';
import type { CheckOutcome } from './checks.js';
import type { CursorRange, Watermark } from './cursor.js';
import type { DatasetRef } from './dataset.js';
import type { Filter, Scalar } from './filter.js';
import type { LoadMode, LoadResult, SchemaPolicy, TargetPartition } from './load.js';
import type { ReasonCount } from './manifest.js';
import type { AddsTo, PlannedAddition } from './quarantine.js';
import type { TableInput } from './table.js';

export type StepKind =
  'watermark' | 'extract' | 'validate' | 'transform' | 'check' | 'load' | 'discover' | 'quarantine' | 'approve';

/** Those that an activity does; an approval waits for people. */
export type ActivityKind = Exclude<StepKind, 'approve'>;

/** A step's identity within its run: `extract:flights`. Ledger, staging, reuse and activity ids hang on it. */
export type StepId = `${StepKind}:${string}`;

/** How long a step may take and how it is tried again. Durations are Temporal's strings (`'30 minutes'`) or milliseconds. */
export interface StepPolicy {
  /** One attempt's limit. @default '6 hours' */
  readonly timeout?: string | number;
  readonly retry?: {
    /** Attempts in all; 1 means none is repeated. @default 10 */
    readonly attempts?: number;
    /** Pause before the second attempt. @default '1s' */
    readonly initialInterval?: string | number;
    /** Longest pause between attempts. @default '1 minute' */
    readonly maximumInterval?: string | number;
  };
  /** The task queue whose workers run the step. @default the run's own */
  readonly taskQueue?: string;
  /**
   * What happens when the step has failed for good: `'fail'` throws its error in the pipeline; `'wait'` lets the step wait until
   * somebody decides to do it anew, to skip it, or to let it fail. The run's other steps go on meanwhile.
   * @default 'fail'
   */
  readonly onFailure?: 'fail' | 'wait';
}

/** What every step's activity is told about its run. */
export interface RunContext {
  readonly pipeline: string;
  readonly workflowId: string;
  readonly runId: string;
  /** `workflowId/firstExecutionRunId/link` of this run, or of the run it retries: the head of every load id. */
  readonly loadScope: string;
  readonly partition?: string;
  /** When the run began, ISO 8601; histories from before there were checks have none. */
  readonly startedAt?: string;
}

interface StepInput {
  readonly run: RunContext;
  readonly step: StepId;
  /** The attempts that may have been made before somebody decided to do the step anew. @default 0 */
  readonly attemptsBefore?: number;
  /** For a retry that takes over much: where the step looks for what it gave in the earlier run. */
  readonly earlier?: EarlierResults;
}

/** A run whose results a retry takes over. */
export interface EarlierResults {
  readonly workflowId: string;
  readonly runId: string;
  /** The step that is done anew, with all that was made of it. */
  readonly from?: string;
  /** False for a step that is given what was made anew: its own earlier result is of something else. */
  readonly mayTakeOver: boolean;
}

export interface WatermarkStepInput extends StepInput {
  readonly connection: string;
  readonly target: string;
  /** Empty for the usual one. */
  readonly name: string;
}

export interface ExtractStepInput extends StepInput {
  readonly dataset: string;
  readonly connection: string;
  readonly path?: string;
  readonly format?: 'csv' | 'json' | 'parquet';
  readonly copy?: boolean;
  readonly table?: string;
  readonly query?: string;
  readonly columns?: readonly string[];
  readonly where?: Filter;
  readonly cursor?: string;
  readonly after?: Watermark | string | number | null;
  readonly lag?: string | number;
}

export interface ValidateStepInput extends StepInput {
  readonly input: DatasetRef;
  readonly contract: string;
  /** Below 1: a share of the rows read; 1 and above: a number of rows; 0: none. Absent: any number. */
  readonly maxRejected?: number;
}

export interface TransformStepInput extends StepInput {
  readonly transform: string;
  readonly inputs: Readonly<Record<string, DatasetRef>>;
  readonly params: Readonly<Record<string, Scalar>>;
}

export interface CheckStepInput extends StepInput {
  /** The check set. */
  readonly checks: string;
  readonly inputs: Readonly<Record<string, DatasetRef>>;
  readonly params: Readonly<Record<string, Scalar>>;
}

/** A transform that a connection runs itself, between tables of its own. */
export interface TransformOnStepInput extends StepInput {
  readonly transform: string;
  readonly inputs: Readonly<Record<string, TableInput>>;
  readonly params: Readonly<Record<string, Scalar>>;
  /** The connection. */
  readonly on: string;
  readonly target: string;
  readonly mode: LoadMode;
  readonly key?: readonly string[];
  readonly partition?: TargetPartition;
}

export interface LoadStepInput extends StepInput {
  readonly input: DatasetRef;
  readonly connection: string;
  readonly target: string;
  readonly mode: LoadMode;
  readonly key?: readonly string[];
  readonly partition?: TargetPartition;
  /** The range that is loaded: the target's watermark moves to its end. */
  readonly watermark?: CursorRange;
  readonly deleteFlag?: string;
  readonly validFrom?: string;
  readonly schema?: SchemaPolicy;
  /** What is asked of the load before it is published. */
  readonly audit?: readonly AuditStepInput[];
  /** The run's parameters, for the SQL of an audit. */
  readonly params?: Readonly<Record<string, Scalar>>;
  /** Somebody's decision to publish in spite of the audit. */
  readonly auditOverride?: AuditDecision;
  /** The rows were rejected before that load, and are added to it now. */
  readonly addsTo?: AddsTo;
}

/** A check set of a load's audit, with the tables that it sees besides what is loaded and the target. */
export interface AuditStepInput {
  readonly checks: string;
  readonly inputs?: Readonly<Record<string, TableInput>>;
}

/** Why a load is to be published in spite of its audit, and who says so. */
export interface AuditDecision {
  readonly reason: string;
  readonly by: string;
}

/** Takes the rejected rows of a run's step out of quarantine, to be judged again. */
export interface QuarantineStepInput extends StepInput {
  readonly of: { readonly workflowId: string; readonly runId: string; readonly step: string };
  /** The manifest of the rows as somebody has edited them: only these come back. @default all, as they were */
  readonly edited?: string;
}

/** Which tables of one connection are to be copied into another. */
export interface DiscoverStepInput extends StepInput {
  readonly from: string;
  readonly to: string;
  /** Patterns, as `parseTablePattern` reads them; a table has to match one of these … */
  readonly tables: readonly string[];
  /** … and none of these. */
  readonly exclude: readonly string[];
  readonly mode: Extract<LoadMode, 'merge' | 'replace'>;
  /** The schema of all targets. @default each table's own */
  readonly schema?: string;
}

/** A step that judges and the step that loads what it accepts, in one activity, so that they can work at the same time. */
export interface ValidateAndLoadInput {
  readonly validate: ValidateStepInput;
  readonly load: Omit<LoadStepInput, 'input'>;
}

export interface ValidateAndLoadResult {
  readonly validate: DatasetStepResult;
  readonly load: LoadStepResult;
}

/** Rides on the failure of such an activity: which of its steps failed, and what the other one had made. */
export interface PairFailure {
  readonly failedStep: StepId;
  readonly validated?: DatasetStepResult;
}

/** What a step that makes a dataset gives back to the workflow. */
export interface DatasetStepResult {
  readonly dataset: DatasetRef;
  readonly rowsRead?: number | null;
  readonly rejected?: number;
  readonly judgedBySql?: number;
  readonly undecided?: number;
  readonly judgedByZod?: number;
  /** The most frequent reasons, at most three. */
  readonly reasons?: readonly ReasonCount[];
  /** True when a dataset of the same key was already staged. */
  readonly reused: boolean;
  /** What the contract's checks of the whole dataset found, where it has any. */
  readonly checks?: CheckOutcome;
}

export interface LoadStepResult {
  readonly load: LoadResult;
  /** What the load's audit found. */
  readonly audited?: CheckOutcome;
  /** Of a transform between tables: what the history would not tell a catalog that is rebuilt from it. */
  readonly transformed?: {
    /** As the ledger's row has it. */
    readonly content: string;
    /** The inputs, as far as they find room. */
    readonly inputs: readonly { readonly uri: string; readonly content: string }[];
  };
}

/** What a check step gives back. */
export interface CheckStepResult {
  readonly checked: CheckOutcome;
  /** Nothing was checked: somebody skipped this step, the check itself or one that its inputs are made of. */
  readonly skipped?: string;
}

export interface WatermarkStepResult {
  readonly watermark: Watermark;
}

/** One table that a discover step has found, as steps are to copy it. */
export interface DiscoveredTable {
  /** As `extract` takes it. */
  readonly table: string;
  /** As `load` takes it. */
  readonly target: string;
  /** The columns of its primary key, or of its first unique one; none where it has neither. */
  readonly key: readonly string[];
  /** Estimated by the source; `null` where it has no idea. */
  readonly rows: number | null;
  readonly bytes: number | null;
  /** The columns to read, where not all can be loaded. @default all */
  readonly columns?: readonly string[];
  /** Why it cannot be copied. */
  readonly problem?: string;
}

/** What a discover step gives back: the largest table first. */
export interface DiscoverStepResult {
  readonly tables: readonly DiscoveredTable[];
}

/** What a step that takes rows out of quarantine gives back. */
export interface QuarantineStepResult extends DatasetStepResult {
  readonly contract: string;
  /** Rows that stay: they came back before, or their line was malformed and nobody has said what its fields are. */
  readonly skipped: number;
  readonly loads: readonly PlannedAddition[];
}

/** What an approval that was given leaves as the result of its step. */
export interface ApprovalStepResult {
  readonly approved: { readonly answers: readonly Answer[]; readonly expired: boolean };
}

/** What a step that looked for its earlier result says besides. */
export interface BesideEarlier {
  /** This is the earlier result: nothing was done. */
  readonly takenOver?: boolean;
  /** The dataset (URI) or load (id) that it made anew and that is another than the earlier one. */
  readonly anew?: string;
}

export type StepResult =
  DatasetStepResult | LoadStepResult | CheckStepResult | DiscoverStepResult | WatermarkStepResult | ApprovalStepResult;

/** The heartbeat of a running step: what `temporal workflow describe` and the web UI show under pending activities. */
export interface StepProgress {
  readonly phase: string;
  readonly rows: number;
  /** Where one activity does two steps: the progress of each. */
  readonly steps?: Readonly<Record<StepId, StepProgress>>;
}

/** The id of the activity that does two steps. */
export function pairId(validate: StepId, load: StepId): string {
  return `${validate}+${load}`;
}

/** The steps that an activity does, by its id. */
export function stepsOfActivity(activityId: string): string[] {
  const at = activityId.indexOf('+load:');
  return at < 0 ? [activityId] : [activityId.slice(0, at), activityId.slice(at + 1)];
}
