import type { ErrorCodeEntry } from './entry.js';

/** Staging, DuckDB, the catalog and the worker. */
export const ENGINE_ERRORS = {
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
  STAGING_NOT_SHARED: {
    cause: 'Workers of one task queue, or of one run, have not the same staging.',
    retryable: true,
    remedy:
      'Give each project a task queue of its own; for workers of one project set `staging.root` to a folder that all of them mount, or to a bucket, and start them again.',
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
} as const satisfies Record<string, ErrorCodeEntry>;
