/** What a code means to the person who meets it. `docs/errors.md` is generated from this table. */
export interface ErrorCodeEntry {
  readonly cause: string;
  /** Whether a step that fails with it is tried again by itself. */
  readonly retryable: boolean;
  readonly remedy: string;
}

/** Every error Millrace raises by intent. A code, once released, keeps its meaning. */
export const ERROR_CODES = {
  // Starting a run
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
  STEP_LIMIT: {
    cause: 'A run has more steps than its history can carry.',
    retryable: false,
    remedy: 'Split it with a backfill over partitions.',
  },
  STEP_FAILED: {
    cause: 'Code of the pipeline threw an error that Millrace does not know.',
    retryable: false,
    remedy: 'Read the message: it is the error’s own.',
  },
  REFERENCE_TOO_LARGE: {
    cause: 'A dataset’s reference is over 2 KB.',
    retryable: false,
    remedy: 'Use shorter names, or fewer inputs for one step.',
  },

  // Project and config
  CONFIG_INVALID: {
    cause: 'millrace.config.ts does not load, or does not fit its schema.',
    retryable: false,
    remedy: 'Correct what the message names.',
  },
  ENV_MISSING: {
    cause: 'An environment variable that the config names is not set and has no default.',
    retryable: false,
    remedy: 'Set it for the worker.',
  },
  CONNECTION_UNKNOWN: {
    cause: 'A step names a connection that the config does not have.',
    retryable: false,
    remedy: 'Add it to `connections`, or correct the name.',
  },
  CONTRACT_UNKNOWN: {
    cause: 'A step names a contract that the config does not have.',
    retryable: false,
    remedy: 'Add it to `contracts`, or correct the name.',
  },
  TRANSFORM_UNKNOWN: {
    cause: 'A step names a transform that the config does not have.',
    retryable: false,
    remedy: 'Add it to `transforms`, or correct the name.',
  },
  OPTION_INVALID: {
    cause: 'A step’s options do not fit the connection or each other.',
    retryable: false,
    remedy: 'Correct the option the message names.',
  },
  CAPABILITY_MISSING: {
    cause: 'The connection cannot do what the step asks.',
    retryable: false,
    remedy: 'Use one of the modes the message lists.',
  },

  // Files
  FILE_MISSING: {
    cause: 'No file is at that path, or no file matches the pattern.',
    retryable: false,
    remedy: 'Check the path; it is relative to the connection’s root.',
  },
  FILE_EMPTY: { cause: 'The file has no bytes, or no header.', retryable: false, remedy: 'Check what writes the file.' },
  FILE_FORMAT: {
    cause: 'The file is not readable as its format: truncated, damaged, or of another kind.',
    retryable: false,
    remedy: 'Replace the file; the message says where reading stopped.',
  },
  FILE_HEADER: {
    cause: 'The file’s header does not have the columns that are needed.',
    retryable: false,
    remedy: 'Correct the header, the `columns` option or the contract.',
  },
  FILE_CHANGED: {
    cause: 'A file was changed after a step had referred to it.',
    retryable: false,
    remedy: 'Retry the run from the extract step, or extract with `copy: true`.',
  },
  FILE_OUTSIDE_ROOT: {
    cause: 'A path leads out of the connection’s root folder.',
    retryable: false,
    remedy: 'Use a path below the root.',
  },
  FILE_DENIED: {
    cause: 'The operating system refuses access to the file or folder.',
    retryable: false,
    remedy: 'Give the worker’s user the right to it.',
  },

  // Databases
  CONNECTION_REFUSED: {
    cause: 'The server cannot be reached.',
    retryable: true,
    remedy: 'Check host and port, and that the server runs; the step is tried again.',
  },
  CONNECTION_LOST: {
    cause: 'The connection broke while it was in use.',
    retryable: true,
    remedy: 'Nothing was committed; the step is tried again.',
  },
  CREDENTIALS_REJECTED: {
    cause: 'The server refuses the user or the password.',
    retryable: false,
    remedy: 'Correct the connection’s credentials.',
  },
  DATABASE_MISSING: {
    cause: 'The server has no such database.',
    retryable: false,
    remedy: 'Create it, or correct the connection.',
  },
  TABLE_MISSING: {
    cause: 'The table does not exist, or the user may not see it.',
    retryable: false,
    remedy: 'Create it, grant access, or correct the name.',
  },
  COLUMN_MISSING: {
    cause: 'A named column does not exist.',
    retryable: false,
    remedy: 'Correct the name; the message lists the columns there are.',
  },
  COLUMN_TYPE: {
    cause: 'A target column’s type cannot take the dataset’s values.',
    retryable: false,
    remedy: 'Change the column with the statement in the message, or convert in a transform.',
  },
  TARGET_UNSUITABLE: {
    cause: 'The target table lacks what the load needs: a unique key, or the column `_millrace_load`.',
    retryable: false,
    remedy: 'Run the statement in the message.',
  },
  PERMISSION_DENIED: {
    cause: 'The user lacks a right on the server.',
    retryable: false,
    remedy: 'Grant what the message names.',
  },
  QUERY_FAILED: {
    cause: 'The server or DuckDB refuses the SQL.',
    retryable: false,
    remedy: 'Correct the SQL at the place the message shows.',
  },
  VALUE_REFUSED: {
    cause: 'The destination refuses a value: out of range, a constraint, a NUL byte.',
    retryable: false,
    remedy: 'Let the contract reject such rows, or change the column.',
  },
  KEY_DUPLICATE: {
    cause: 'Two rows have the same key: both of one load, or one of them there before.',
    retryable: false,
    remedy: 'Make the key unique in the transform, or choose another key.',
  },
  KEY_NULL: {
    cause: 'A row has no value in a key column.',
    retryable: false,
    remedy: 'Let the contract reject such rows, or choose another key.',
  },
  PARTITION_MISMATCH: {
    cause: 'Rows of a partition load lie outside that partition.',
    retryable: false,
    remedy: 'Filter them in the transform, or correct the partition.',
  },
  LOCK_TIMEOUT: {
    cause: 'Another session holds a lock on the target.',
    retryable: true,
    remedy: 'The step is tried again; find the session in pg_stat_activity if it stays.',
  },
  CONFLICT: {
    cause: 'The database ended the transaction because of another one (deadlock, serialization).',
    retryable: true,
    remedy: 'The step is tried again.',
  },
  ROWS_LOST: {
    cause: 'The count inside the transaction is not the count that was staged; it was rolled back.',
    retryable: true,
    remedy: 'The step is tried again; report it if it stays.',
  },

  // Data
  CONTRACT_BREACH: {
    cause: 'More rows were rejected than the step allows.',
    retryable: false,
    remedy: 'Look at them with `millrace quarantine RUN`; mend the source, the contract or `maxRejected`.',
  },
  CONTRACT_COLUMNS: {
    cause: 'The dataset lacks columns that the contract needs, or has them in a type it cannot judge.',
    retryable: false,
    remedy: 'Correct the source’s columns or the contract.',
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
  TRANSFORM_INPUTS: {
    cause: 'A transform was not given exactly the inputs it declares.',
    retryable: false,
    remedy: 'Pass the datasets it names.',
  },

  // Staging, engine, catalog
  STAGING_FULL: {
    cause: 'The staging quota (`staging.maxBytes`) or the disk is full.',
    retryable: false,
    remedy: 'Free space, or raise the quota, then retry the run.',
  },
  STAGING_MISSING: {
    cause: 'A staged file is gone.',
    retryable: false,
    remedy: 'Retry the run from the step that made the dataset.',
  },
  EXTENSION_MISSING: {
    cause: 'A DuckDB extension is not installed and could not be fetched.',
    retryable: false,
    remedy: 'Use one of the ways in the message.',
  },
  MEMORY_EXCEEDED: {
    cause: 'DuckDB needs more memory than `engine.memoryLimit` allows.',
    retryable: false,
    remedy: 'Raise the limit or give the spill folder more room.',
  },
  CATALOG_UNAVAILABLE: {
    cause: 'The catalog cannot be read or written.',
    retryable: true,
    remedy: 'The run waits; bring the catalog back.',
  },
  CANCELLED: { cause: 'The step was cancelled.', retryable: false, remedy: 'None needed.' },
  INTERRUPTED: {
    cause: 'The worker stopped, or lost touch with the server, in the middle of the step.',
    retryable: true,
    remedy: 'The step is tried again.',
  },
  INTERNAL: { cause: 'An error Millrace did not expect.', retryable: true, remedy: 'Report it with the message.' },

  // Clients and development
  COMMAND_INVALID: {
    cause: 'The command line cannot be understood.',
    retryable: false,
    remedy: 'Read the command’s --help.',
  },
  TEMPORAL_UNREACHABLE: {
    cause: 'No Temporal server answers.',
    retryable: true,
    remedy: 'Start one with `millrace dev` or `docker compose up`, or set TEMPORAL_ADDRESS.',
  },
  RUN_ALREADY_RUNNING: {
    cause: 'A run of the same workflow id is running.',
    retryable: false,
    remedy: 'Wait for its end, cancel it, or start with another id.',
  },
  RUN_UNKNOWN: { cause: 'No run of that id is known.', retryable: false, remedy: 'List runs with `millrace runs`.' },
  TOOL_MISSING: {
    cause: 'A program that is needed was not found and could not be fetched.',
    retryable: false,
    remedy: 'Use one of the ways in the message.',
  },
  PORT_BUSY: { cause: 'A port that is needed is taken.', retryable: false, remedy: 'Free it or choose another.' },
} as const satisfies Record<string, ErrorCodeEntry>;

export type ErrorCode = keyof typeof ERROR_CODES;
