import type { Moment } from '../moment.js';
import type { Random } from '../random.js';
import type { Runs } from '../runs.js';
import type { Stage } from '../stage.js';

/** What a fault works with. */
export interface FaultContext {
  readonly stage: Stage;
  readonly moment: Moment;
  readonly runs: Runs;
  readonly random: Random;
}

/** Does harm, and mends it: servers and workers are there again when it returns. What is held must be let go. */
export type Fault = (context: FaultContext) => Promise<void>;
