import type { StepId, StepKind } from '../src/core/steps.js';

export type StepStatus = 'running' | 'done' | 'failed' | 'cancelled' | 'reused';

/** One step as the `state` query shows it. Times are ISO. */
export interface StepState {
  readonly step: StepId;
  readonly kind: StepKind;
  readonly name: string;
  status: StepStatus;
  /** Rows the step gave on; absent until it is known. */
  rows?: number | null;
  rejected?: number;
  readonly startedAt: string;
  finishedAt?: string;
  durationMs?: number;
  error?: string;
}

/** What the `state` query answers. */
export interface RunStateView {
  readonly pipeline: string;
  readonly partition?: string;
  readonly status: 'admitting' | 'running' | 'completed' | 'failed' | 'cancelled';
  readonly steps: readonly StepState[];
}
