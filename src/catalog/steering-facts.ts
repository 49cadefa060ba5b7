import type { RunDecision, SkippedStep } from '../core/steering.js';
import type { RunKey, RunScope } from './facts.js';

/** What somebody did to a run. */
export interface RunDecided extends RunKey, RunDecision {}

/** A step that was not done. */
export interface StepSkipped extends RunKey, SkippedStep {
  readonly run?: RunScope;
}
