import type { ErrorCodeEntry } from './entry.js';

/** Backfills: a pipeline run over many partitions. */
export const BACKFILL_ERRORS = {
  BACKFILL_INVALID: {
    cause: 'What a backfill was asked to do does not fit the pipeline, or the state that the backfill is in.',
    retryable: false,
    remedy: 'Correct what the message names; `millrace backfill PIPELINE --preview` shows what would be done.',
  },
  BACKFILL_UNKNOWN: {
    cause: 'No backfill of that id is known.',
    retryable: false,
    remedy: 'List backfills with `millrace backfills list`.',
  },
  BACKFILL_CLOSED: {
    cause: 'The backfill has ended, so it can be neither paused, resumed nor cancelled.',
    retryable: false,
    remedy: 'Look at it with `millrace backfills show`; `millrace backfills retry` takes up what has not completed.',
  },
  BACKFILL_INCOMPLETE: {
    cause: 'A backfill has ended, and some of its partitions have not completed.',
    retryable: false,
    remedy: 'Mend what the message says of each partition, then `millrace backfills retry`: it does these alone.',
  },
  BACKFILL_NO_WORKER: {
    cause: 'No worker takes the tasks of the backfill’s queue, so the backfill cannot answer.',
    retryable: true,
    remedy: 'Start a worker of the project with `millrace worker`, then ask again.',
  },
  BACKFILL_NOT_ANSWERING: {
    cause: 'A worker is there, and the backfill has not answered in time. What was asked may still happen.',
    retryable: true,
    remedy: 'Look at it with `millrace backfills show` before you ask again.',
  },
} as const satisfies Record<string, ErrorCodeEntry>;
