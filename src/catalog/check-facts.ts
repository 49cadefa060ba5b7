import type { CheckResult } from '../core/checks.js';
import type { StepId } from '../core/steps.js';
import type { RunKey, RunScope } from './facts.js';

/** What the checks of one attempt found. */
export interface ChecksRecorded {
  readonly results: readonly CheckResult[];
  readonly run?: RunScope;
  readonly runStartedAt?: string;
  readonly judgedAt: string;
}

export interface CheckResultRow extends CheckResult {
  readonly step: StepId;
  readonly judgedAt: string;
}

/** Asks what a check found in earlier runs. */
export interface CheckHistoryRequest {
  readonly pipeline: string;
  readonly step: StepId;
  readonly set: string;
  readonly name: string;
  /** The asking run's, whose own results are no history. */
  readonly loadScope: string;
  readonly partition?: string;
  /** Only runs that began before. */
  readonly before: string;
  readonly limit: number;
}

/** Somebody's decision that a run's load is published in spite of its audit. */
export interface AuditOverride extends RunKey {
  readonly step: StepId;
  readonly reason: string;
  /** Who decided it. */
  readonly by: string;
  readonly at: string;
}
