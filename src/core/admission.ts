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
  readonly heartbeatTimeout: string;
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
