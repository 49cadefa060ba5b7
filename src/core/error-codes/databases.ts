import type { ErrorCodeEntry } from './entry.js';

/** Databases, as sources and as targets. */
export const DATABASE_ERRORS = {
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
  SCHEMA_CHANGED: {
    cause:
      'The columns of the dataset and of the target differ in a way that the load’s `schema` does not allow, or one looks renamed.',
    retryable: false,
    remedy: "Run the statements in the message, or change the dataset; `schema: 'evolve'` adds and widens columns.",
  },
  TARGET_UNSUITABLE: {
    cause:
      'The target table lacks what the load needs (a unique key, the column `_millrace_load`, the columns of scd2), or something depends on a column that has to change.',
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
} as const satisfies Record<string, ErrorCodeEntry>;
