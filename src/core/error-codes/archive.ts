import type { ErrorCodeEntry } from './entry.js';

/** Histories beyond Temporal's retention, and what removes them and the rest. */
export const ARCHIVE_ERRORS = {
  HISTORY_FORGOTTEN: {
    cause: 'Temporal no longer has the history of the run, and the archive has none either.',
    retryable: false,
    remedy: 'Look at what the catalog knows of it with `millrace show RUN` and `millrace logs RUN`.',
  },
  ARCHIVE_DAMAGED: {
    cause: 'A file of the archive is cut off or was changed, so that its history cannot be read.',
    retryable: false,
    remedy: 'Restore the file that the message names from a backup, or delete it: what the catalog knows of the run stays.',
  },
  ARCHIVE_DENIED: {
    cause: 'The folder of the archive cannot be read or written.',
    retryable: false,
    remedy: "Give the worker's user the right to it, or name another place in `archive.root`.",
  },
  CATALOG_INCOMPLETE: {
    cause: 'Runs go on in Temporal that the catalog does not know, so that nobody can tell what they need.',
    retryable: false,
    remedy: 'Run `millrace catalog rebuild`, then `millrace housekeeping` again.',
  },
} as const satisfies Record<string, ErrorCodeEntry>;
