/** How a run can stand, as Temporal has it; `forgotten` once it has deleted the run. */
export const RUN_STATES = [
  'running',
  'paused',
  'completed',
  'failed',
  'cancelled',
  'terminated',
  'timed out',
  'continued',
  'forgotten',
  'unknown',
] as const;
