import type { Approver } from '../src/core/approvals.js';
import type { RunDecision, RunPause } from '../src/core/steering.js';
import type { StepId, StepKind } from '../src/core/steps.js';

/**
 * `queued`: it waits for a slot of its pool; `held`: it would begin, and the run is paused; `waiting`: it has failed for good and waits for a decision, or it is an
 * approval that waits for people; `skipped`: somebody
 * skipped it, or a step that it is made of.
 */
export type StepStatus = 'running' | 'done' | 'failed' | 'cancelled' | 'reused' | 'queued' | 'held' | 'waiting' | 'skipped';

/** One step as the `state` query shows it. Times are ISO. */
export interface StepState {
  readonly step: StepId;
  readonly kind: StepKind;
  readonly name: string;
  status: StepStatus;
  /** Rows the step gave on; absent until it is known. */
  rows?: number | null;
  rejected?: number;
  startedAt: string;
  finishedAt?: string;
  durationMs?: number;
  error?: string;
  /** Of one that is queued: for what it waits. */
  waitsFor?: string;
}

/** An approval that waits, without its details. */
export interface WaitingApproval {
  readonly step: StepId;
  readonly title: string;
  readonly roles: readonly string[];
  readonly needed: number;
  readonly since: string;
  readonly expiresAt?: string;
  readonly approvedBy: readonly Approver[];
}

/** What the `state` query answers. */
export interface RunStateView {
  readonly pipeline: string;
  readonly partition?: string;
  readonly status: 'admitting' | 'running' | 'completed' | 'failed' | 'cancelled';
  /** Present while no new step starts. */
  readonly paused?: RunPause;
  /** What was done to the run: the latest fifty. @default nothing */
  readonly decisions?: readonly RunDecision[];
  /** Approvals that wait. @default none */
  readonly approvals?: readonly WaitingApproval[];
  readonly steps: readonly StepState[];
}
