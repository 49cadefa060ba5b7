import type { ErrorCodeEntry } from './entry.js';

/** Reading and loading only what is new. */
export const INCREMENTAL_ERRORS = {
  CURSOR_UNSUITABLE: {
    cause:
      'A column cannot be the cursor: its type has no order that both sides share, or it holds a value that none can follow.',
    retryable: false,
    remedy: 'Use another column, convert it in a `query`, or leave the rows out that the message names.',
  },
  CURSOR_NULL: {
    cause: 'Rows to append have no cursor value, so nothing tells whether they have been appended before.',
    retryable: false,
    remedy: 'Merge them, let the contract reject such rows, or fill the column at the source.',
  },
  WATERMARK_MOVED: {
    cause: 'The target has got further, or was reset, since the run asked for its watermark: another run has loaded into it.',
    retryable: false,
    remedy: 'Nothing was loaded. Start a new run, or retry this one: it reads on from where the target is.',
  },
} as const satisfies Record<string, ErrorCodeEntry>;
