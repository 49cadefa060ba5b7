import type { ErrorCodeEntry } from './entry.js';

/** Pools: named limits across runs. */
export const POOL_ERRORS = {
  POOL_UNKNOWN: {
    cause: 'A step, or somebody, names a pool that the config does not have.',
    retryable: false,
    remedy: 'Use one of the names in the message, or add the pool to `pools` in the config.',
  },
  POOL_TOO_SMALL: {
    cause: 'A step asks for more slots than its pool has, so it would wait for ever.',
    retryable: false,
    remedy: 'Give the step a smaller weight, or the pool more slots.',
  },
  POOL_QUEUE_FULL: {
    cause: 'Too many steps wait for one pool: no more of them fit into its state.',
    retryable: true,
    remedy: 'Start fewer runs at once, as with the `concurrency` of a backfill, or give the pool more slots.',
  },
  POOL_NOT_ANSWERING: {
    cause: 'A pool has not said in time whether a step still holds its slot. The step has not begun.',
    retryable: true,
    remedy: 'See that a worker of the project is there: it does the pool’s work too.',
  },
  SLOT_LOST: {
    cause:
      'A step was to begin, and no longer held its slot: its run was reset, or somebody freed the slot. It asks for another one.',
    retryable: false,
    remedy: 'Look at the pool with `millrace pools show`; when it happens again and again, free no slots of runs at work.',
  },
  SLOT_UNKNOWN: {
    cause: 'The pool has given out no such slot, or it is free by now.',
    retryable: false,
    remedy: 'Look at the pool with `millrace pools show`.',
  },
  SLOT_IN_USE: {
    cause: 'A slot was to be freed whose run is at work.',
    retryable: false,
    remedy:
      'Cancel the run, which frees the slot once its step has stopped; or use --force, and more steps than the pool allows may be at work.',
  },
} as const satisfies Record<string, ErrorCodeEntry>;
