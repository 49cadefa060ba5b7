import type { ErrorCodeEntry } from './entry.js';

/** Files, as sources and as targets. */
export const FILE_ERRORS = {
  FILE_MISSING: {
    cause: 'No file is at that path, or no file matches the pattern.',
    retryable: false,
    remedy: 'Check the path; it is relative to the connection’s root.',
  },
  FILE_NOT_SHARED: {
    cause: 'A file that is read in place is on another machine than this worker.',
    retryable: true,
    remedy: 'Keep it in a bucket or a shared folder, or extract with `copy: true`.',
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
    cause: 'The operating system, or the object store, refuses access to the file or folder.',
    retryable: false,
    remedy: 'Give the worker’s user, or the connection’s key, the right to it.',
  },
  BUCKET_MISSING: {
    cause: 'The object store has no such bucket.',
    retryable: false,
    remedy: 'Create it, or correct the root.',
  },
  REGION_WRONG: {
    cause: 'The bucket is of another region, or no region is known.',
    retryable: false,
    remedy: 'Set `s3.region` to the bucket’s region.',
  },
  CLOCK_SKEWED: {
    cause: 'This machine’s clock differs too much from the object store’s.',
    retryable: true,
    remedy: 'Set the clock; the step is tried again.',
  },
  STORE_BUSY: {
    cause: 'The object store asks for fewer requests.',
    retryable: true,
    remedy: 'The step is tried again, not before the store says.',
  },
} as const satisfies Record<string, ErrorCodeEntry>;
