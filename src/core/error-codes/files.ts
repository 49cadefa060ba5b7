import type { ErrorCodeEntry } from './entry.js';

/** Files, as sources and as targets. */
export const FILE_ERRORS = {
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
} as const satisfies Record<string, ErrorCodeEntry>;
