import type { ErrorCodeEntry } from './entry.js';

/** Starting and retrying runs. */
export const RUN_ERRORS = {
  PARAMETERS_INVALID: {
    cause: 'The run’s parameters do not fit the pipeline’s schema.',
    retryable: false,
    remedy: 'Correct the named fields and start again.',
  },
  PIPELINE_UNKNOWN: {
    cause: 'No pipeline of that name is in the worker’s bundle.',
    retryable: false,
    remedy: 'Use one of the names in the message, or deploy the pipeline.',
  },
  PIPELINE_NAME_MISMATCH: {
    cause: 'The export, the name given to pipeline() and the config do not agree.',
    retryable: false,
    remedy: 'Give all three the same name.',
  },
  PLAN_ENDS: {
    cause: 'A plan cannot tell what a pipeline does next: that depends on what only a run knows. It is no failure.',
    retryable: false,
    remedy: 'Run the pipeline, or test that part of it with testPipeline.',
  },
  CRON_REFUSED: {
    cause: 'The run was started with --cron, which would reuse one workflow id for every occurrence.',
    retryable: false,
    remedy: 'Use a Temporal Schedule.',
  },
  RETRY_INVALID: {
    cause: 'The run to retry, or the step to retry from, cannot be used.',
    retryable: false,
    remedy: 'Look at the run with `millrace show`, and name a closed run and one of its steps.',
  },
  STEP_DUPLICATE: {
    cause: 'Two steps of one run have the same name.',
    retryable: false,
    remedy: 'Give one of them another name with `as`.',
  },
  REPLICATE_INCOMPLETE: {
    cause: 'A replication has ended, and some of its tables could not be copied.',
    retryable: false,
    remedy: 'Mend what the message says of each table, then retry the run: it keeps the tables that were copied.',
  },
  TABLES_TOO_MANY: {
    cause: 'More tables match than one replication can copy.',
    retryable: false,
    remedy: 'Split them into several runs by narrower patterns, as one for each schema.',
  },
  STEP_LIMIT: {
    cause: 'A run has more steps than its history can carry.',
    retryable: false,
    remedy: 'Split it with a backfill over partitions.',
  },
  INPUT_FAILED: {
    cause: 'A step that works beside the one that makes its input was stopped, because that one failed.',
    retryable: false,
    remedy: 'Look at the error of the other step.',
  },
  STEP_TIMEOUT: {
    cause: 'A step took longer than its timeout, or its worker gave no sign of life, at every attempt.',
    retryable: false,
    remedy: 'Look at the worker, or give the step a longer timeout, then retry the run.',
  },
  STEP_FAILED: {
    cause: 'Code of the pipeline threw an error that Millrace does not know.',
    retryable: false,
    remedy: 'Read the message: it is the error’s own.',
  },
  RUN_TERMINATED: {
    cause: 'Somebody terminated the run: nothing of it could go on or tell of its end.',
    retryable: false,
    remedy: 'Retry the run; use `millrace cancel` to stop runs, which interrupts their steps.',
  },
  RUN_REPLACED: {
    cause:
      'The run was terminated because another one took its place: by the policy on conflicts of a start, or by a schedule’s `overlap`.',
    retryable: false,
    remedy: 'Nothing, if the later run does its work; otherwise choose another `onConflict` or `overlap`.',
  },
  RUN_TIMED_OUT: {
    cause: 'The run took longer than the timeout it was started with.',
    retryable: false,
    remedy: 'Retry the run, without or with a longer workflow timeout.',
  },
  RUN_FORGOTTEN: {
    cause: 'The run ended while no worker was there, and Temporal has deleted its history since.',
    retryable: false,
    remedy: 'Look at its loads in the ledger of the destination; retry the run if it is incomplete.',
  },
  REFERENCE_TOO_LARGE: {
    cause: 'A dataset’s reference is over 2 KB.',
    retryable: false,
    remedy: 'Use shorter names, or fewer inputs for one step.',
  },
} as const satisfies Record<string, ErrorCodeEntry>;
