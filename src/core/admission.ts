import type { Fairness, Priority } from './step-policy.js';
import type { AuditDecision, RunContext, StepId, StepResult } from './steps.js';

/** What a run asks before anything else. */
export interface AdmitInput {
  readonly pipeline: string;
  readonly workflowId: string;
  readonly runId: string;
  readonly firstRunId: string;
  readonly taskQueue: string;
  readonly startedAt: string;
  /** The first argument as it came. */
  readonly params: unknown;
  /** The second argument as it came. */
  readonly control: unknown;
}

/** With which code a run began. */
export interface RunCode {
  /** Of the workflow code: the same for the same code, wherever it was bundled. */
  readonly hash: string;
  /** Millrace's. */
  readonly version: string;
}

/** What a retry does otherwise than the run that it retries. */
export interface RunChanges {
  /** The parameters that are others, by name: at most fifty. */
  readonly params: readonly string[];
  /** `unknown`: nobody has told with which code the earlier run began. */
  readonly code: 'same' | 'other' | 'unknown';
  /** Of Millrace, where it is another one. */
  readonly version?: { readonly from: string; readonly to: string };
}

/** A step of the earlier run that counts as done, as somebody says, with a dataset. */
export interface Marked {
  readonly step: StepId;
  /** Its URI. */
  readonly dataset: string;
  readonly reason: string;
  readonly by: string;
}

/** What a run may rely on from then on; recorded in its history. */
export interface AdmittedRun {
  /** The parameters after the schema: checked, defaults filled in. */
  readonly params: Readonly<Record<string, unknown>>;
  readonly partition?: string;
  /** The head of every load id: this run's own, or that of the run it retries. */
  readonly loadScope: string;
  readonly owner?: string;
  /** The run that this one retries, with the run id that was found for it. */
  readonly retryOf?: { readonly workflowId: string; readonly runId: string; readonly from?: string };
  /** The load that is to be published in spite of its audit, as somebody decided. */
  readonly auditOverride?: AuditDecision & { readonly step: StepId };
  /** Which of Millrace's search attributes the server knows: setting another would hang the run. */
  readonly searchAttributes: readonly string[];
  /** Results of steps that an earlier run has finished, taken over as they are. */
  readonly reuse: Readonly<Record<StepId, StepResult>>;
  /** The earlier run whose results each step looks for by itself, where there are more than a history should carry. */
  readonly reuseFrom?: { readonly workflowId: string; readonly runId: string; readonly from?: string };
  /** The step that counts as done; its result is in `reuse`. */
  readonly marked?: Marked;
  /** Absent in histories from before it was told. */
  readonly code?: RunCode;
  /** Of a retry. */
  readonly changes?: RunChanges;
  readonly heartbeatTimeout: string;
  /** As the pipeline's config has them, where the run was not started with others. */
  readonly priority?: Priority;
  readonly fairness?: Fairness;
  /** The task queue whose workers do the steps, but for those that name another. @default the run's own */
  readonly stepQueue?: string;
}

/** How a run ended, for the catalog. */
export interface RunEnding {
  readonly run: RunContext;
  readonly status: 'completed' | 'failed' | 'cancelled';
  readonly finishedAt: string;
  readonly result?: unknown;
  readonly error?: { readonly code: string; readonly message: string };
}

/** Where a run tells of its end. A type, not an interface: Temporal's sinks have an index signature. */
export type RunEndSinks = {
  readonly runEnd: { tell(ending: RunEnding): void };
};

/** Search attributes of every run, all of type Keyword. */
export const SEARCH_ATTRIBUTES = {
  pipeline: 'MillracePipeline',
  partition: 'MillracePartition',
  owner: 'MillraceOwner',
} as const;
