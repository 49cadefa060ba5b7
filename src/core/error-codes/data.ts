import type { ErrorCodeEntry } from './entry.js';

/** Rows, contracts and transforms. */
export const DATA_ERRORS = {
  CONTRACT_BREACH: {
    cause: 'More rows were rejected than the step allows.',
    retryable: false,
    remedy: 'Look at them with `millrace quarantine RUN`; mend the source, the contract or `maxRejected`.',
  },
  CHECK_FAILED: {
    cause: 'A check of a whole dataset found what it must not, with severity `error`. Nothing that comes after it was done.',
    retryable: false,
    remedy:
      'Look at what the message names and at `millrace show RUN`; mend the source or the check’s bound, then retry the run.',
  },
  CHECK_UNKNOWN: {
    cause: 'A step names a check set that the config does not have.',
    retryable: false,
    remedy: 'Add it to `checks`, or correct the name.',
  },
  CHECK_INPUTS: {
    cause: 'A check set was not given exactly the inputs it declares, or a dataset that another contract has judged.',
    retryable: false,
    remedy: 'Pass the datasets it names, validated by their contracts.',
  },
  CHECK_INVALID: {
    cause: 'A check cannot be computed: its SQL does not run, reads what it was not given, or does not suit the column’s values.',
    retryable: false,
    remedy: 'Correct the check in the config; `millrace check` looks at all of them.',
  },
  AUDIT_FAILED: {
    cause: 'A check of a load’s audit failed: nothing was published, and the target is as it was.',
    retryable: false,
    remedy:
      'Mend the data or the check, then retry the run; or publish in spite of it: `millrace retry RUN --override-audit STEP --reason "…"`.',
  },
  CONTRACT_COLUMNS: {
    cause: 'The dataset lacks columns that the contract needs, or has them in a type it cannot judge.',
    retryable: false,
    remedy: 'Correct the source’s columns or the contract.',
  },
  CONTRACT_UNSUPPORTED: {
    cause: 'A contract speaks of what no column can hold: functions, promises, symbols, maps, sets, files, classes.',
    retryable: false,
    remedy: 'Write what the message names in its place.',
  },
  CONTRACT_FUNCTION: {
    cause: 'A function of a contract (`refine`, `superRefine`, `transform` …) threw an error.',
    retryable: false,
    remedy: 'Let it return false or add an issue for rows it refuses; correct the line the message names, then retry the run.',
  },
  CONTRACT_STUCK: {
    cause: 'A function or pattern of a contract took more than 10 s for one row, and was stopped.',
    retryable: false,
    remedy: 'Let the function end for every value; write a pattern without repetition within repetition.',
  },
  CONTRACT_DIED: {
    cause: 'A thread in which functions of a contract worked ran out of memory or ended itself.',
    retryable: false,
    remedy: 'Hold no rows in a contract’s functions; leave `process.exit` out.',
  },
  TRANSFORM_FORBIDDEN: {
    cause: 'A transform reads something it was not given, or is not one SELECT.',
    retryable: false,
    remedy: 'Declare what it reads as an input; extract files and tables in steps of their own.',
  },
  TRANSFORM_OUTPUT: {
    cause: 'A transform’s columns do not fit its output contract.',
    retryable: false,
    remedy: 'Change the SELECT list or the contract.',
  },
  TRANSFORM_FAILED: {
    cause: 'The function of a transform threw an error.',
    retryable: false,
    remedy: 'Correct the line the message names, then retry the run.',
  },
  TRANSFORM_DIED: {
    cause: 'The thread in which the function of a transform worked ran out of memory or ended itself.',
    retryable: false,
    remedy: 'Hold fewer rows at a time, or raise the transform’s `memoryMb`; leave `process.exit` out.',
  },
  TRANSFORM_VALUE: {
    cause: 'A function yielded a row with a value that its column cannot hold.',
    retryable: false,
    remedy: 'Correct the function or the output contract.',
  },
  TRANSFORM_INPUT_SIZE: {
    cause: 'A function asked for all rows of an input that has more than its bound.',
    retryable: false,
    remedy: 'Read the input in batches, or raise the bound.',
  },
  TRANSFORM_INPUTS: {
    cause: 'A transform was not given exactly the inputs it declares.',
    retryable: false,
    remedy: 'Pass the datasets it names.',
  },
} as const satisfies Record<string, ErrorCodeEntry>;
