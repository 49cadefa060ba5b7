import type { ErrorCodeEntry } from './entry.js';

/** Tests of a project's own, with `millrace/testing`. */
export const TESTING_ERRORS = {
  TEST_DATA_MISSING: {
    cause: 'A pipeline that is tested asks for rows that the test does not give, or the test asks for rows that it did not make.',
    retryable: false,
    remedy: 'Give the test the dataset that the message names, or correct the name.',
  },
  TEST_DATA_INVALID: {
    cause: 'Rows that a test gives cannot be a dataset.',
    retryable: false,
    remedy: 'Correct the row that the message names, or give the dataset as CSV text.',
  },
  TEST_UNSUPPORTED: {
    cause: 'The pipeline does what only a real run can do.',
    retryable: false,
    remedy: 'Test that part against a Temporal server, or keep it out of the pipeline.',
  },
  REPLAY_FAILED: {
    cause: 'Today’s code of a pipeline would not do what it did when a history was recorded.',
    retryable: false,
    remedy: 'Guard the change with patched(), or let open runs end on a worker with the code they began with.',
  },
} as const satisfies Record<string, ErrorCodeEntry>;
