import type { Sweep } from './retention.js';
import type { StepInput } from './steps.js';

/** Removes what is kept no longer, of one kind. */
export interface SweepStepInput extends StepInput {
  readonly sweep: Sweep;
  /** Only says what would go. */
  readonly dryRun: boolean;
}
