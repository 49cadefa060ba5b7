import type { ErrorCodeEntry } from './entry.js';

/** Rejected rows that are taken out of quarantine. */
export const QUARANTINE_ERRORS = {
  QUARANTINE_UNKNOWN: {
    cause: 'The run has no step of that name with rejected rows, or several, or the rows are gone from staging.',
    retryable: false,
    remedy: 'Look at what there is with `millrace quarantine RUN`, and name one of its steps.',
  },
  QUARANTINE_FILE: {
    cause: 'A file of rejected rows cannot be written or used: its name, its columns, its rows or their values do not fit.',
    retryable: false,
    remedy: 'Correct what the message names, or export the rows anew with `millrace quarantine export`.',
  },
  REPLAY_UNSUITED: {
    cause:
      'What was made of the accepted rows is more than a load, or the load cannot be added to: rows that came back would be missing elsewhere.',
    retryable: false,
    remedy: 'Run the command that the message names: it does the judgement, and all that was made of it, anew.',
  },
  REPLAY_OUTDATED: {
    cause: 'The target no longer holds the load that the rejected rows would have been part of: a later one took its place.',
    retryable: false,
    remedy: 'Replay the rejected rows of the later run, or retry the run from the step that judged them.',
  },
} as const satisfies Record<string, ErrorCodeEntry>;
