import type { RunContext, StepId } from './steps.js';

/*
 * What people do to a run that is open. The words are those of the workflow's updates, of the catalog and of whoever calls.
 */

/** What somebody decides about a step that waits: do it anew, go on without it, or let it fail. */
export type Decision = 'retry' | 'skip' | 'abort';

/** The argument of the updates `pause` and `resume`. */
export interface SteerInput {
  /** Who asks. */
  readonly by: string;
  readonly reason?: string;
}

/** The argument of the update `decide`. */
export interface DecideInput extends SteerInput {
  readonly step: StepId;
  readonly decision: Decision;
}

/** The longest name of a person and the longest reason, in characters. */
export const MAX_BY = 200;
export const MAX_REASON = 1000;

/** Something that was done to a run, as the run took it. */
export interface RunDecision {
  /** From 1 (a mark, which begins a run, has 0), in the order in which the run took them; the same after a reset. */
  readonly number: number;
  readonly action: 'pause' | 'resume' | 'mark' | Decision;
  /** Of a decision about a step. */
  readonly step?: StepId;
  /** Of a mark: the dataset that counts as the step's. */
  readonly dataset?: string;
  readonly by: string;
  readonly reason?: string;
  /** ISO. */
  readonly at: string;
}

/** Since when a run starts no more steps, and who said so. */
export interface RunPause {
  /** ISO. */
  readonly since: string;
  readonly by: string;
  readonly reason?: string;
}

/** A step that has failed for good and waits for a decision. */
export interface WaitingStep {
  readonly step: StepId;
  /** ISO. */
  readonly since: string;
  /** The code of its error. */
  readonly code: string;
  readonly message: string;
}

/** What keeps a run from going on by itself. */
export interface RunHolds {
  readonly paused?: RunPause;
  readonly waiting: readonly WaitingStep[];
}

/** What the updates answer. It enters the run's history, so the errors of steps that wait stay out of it. */
export interface Steered {
  readonly paused?: RunPause;
  /** Steps that wait for a decision: the first hundred. */
  readonly waiting: readonly StepId[];
}

/** A step that was not done: somebody skipped it, or a step that it is made of. */
export interface SkippedStep {
  readonly step: StepId;
  /** The attempt as which the catalog keeps it: one more than were made. */
  readonly attempt: number;
  /** The step that was decided on. */
  readonly because: StepId;
  readonly at: string;
}

/** Where a run tells what was done to it. A type, not an interface: Temporal's sinks have an index signature. */
export type SteeringSinks = {
  readonly steering: {
    decided(decision: RunDecision): void;
    /** @param number grows with each word of a run, so that an earlier one that comes late changes nothing */
    holds(number: number, holds: RunHolds): void;
    skipped(run: RunContext, step: SkippedStep): void;
  };
};
