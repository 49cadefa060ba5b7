import type { ErrorCodeEntry } from './entry.js';

/** Triggers. */
export const TRIGGER_ERRORS = {
  TRIGGER_UNKNOWN: {
    cause: 'The pipeline has no triggers, or they have not been applied yet.',
    retryable: false,
    remedy: 'Give the pipeline `triggers` in the config, then run `millrace apply`.',
  },
  TRIGGER_FULL: {
    cause:
      'More waits in a trigger than it can keep: partitions for datasets, of which the one that waited longest was given up, or starts and deliveries, of which the latest were.',
    retryable: false,
    remedy:
      'Find out why so much waits: `millrace triggers show`. Run by hand what was given up, and have deliveries sent again.',
  },
  TRIGGER_POLL_FAILED: {
    cause: 'A look for files, or a question to a database, ended without an answer: it took too long, or its worker died.',
    retryable: true,
    remedy: 'It is asked again. If that goes on, look at the worker and at the connection.',
  },
  SIGNATURE_INVALID: {
    cause: 'A webhook was called with a signature that is missing or wrong, or that was made too long ago.',
    retryable: false,
    remedy: 'Let the sender sign with the secret of the config, and see that its clock is right.',
  },
} as const satisfies Record<string, ErrorCodeEntry>;
