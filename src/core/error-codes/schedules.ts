import type { ErrorCodeEntry } from './entry.js';

/** Schedules. */
export const SCHEDULE_ERRORS = {
  SCHEDULE_UNKNOWN: {
    cause: 'The pipeline has no schedule, or Temporal has not got it yet.',
    retryable: false,
    remedy: 'Give the pipeline a `schedule` in the config, then run `millrace apply`.',
  },
  SCHEDULE_FOREIGN: {
    cause: 'Temporal has a schedule of the id that is needed, and Millrace has not made it for this project.',
    retryable: false,
    remedy: 'Remove or rename that schedule in Temporal, or give the project another task queue.',
  },
  SCHEDULE_RANGE: {
    cause:
      'The range of times to look for missed runs in is empty, holds too many times, or begins before what the catalog still keeps.',
    retryable: false,
    remedy: 'Give `from` and `to` the right way round, or a shorter or later range.',
  },
  SCHEDULE_FILLING: {
    cause: 'The missed times of the schedule are being filled already.',
    retryable: false,
    remedy: 'Wait until that has ended, or cancel the workflow that the message names.',
  },
} as const satisfies Record<string, ErrorCodeEntry>;
