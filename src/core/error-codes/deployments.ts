import type { ErrorCodeEntry } from './entry.js';

/** Versions of workers. */
export const DEPLOYMENT_ERRORS = {
  DEPLOYMENT_UNKNOWN: {
    cause: 'The project’s task queue has no worker of a worker deployment, or none of that name.',
    retryable: false,
    remedy: 'Start one with `millrace worker --deployment NAME`, or correct the name.',
  },
  DEPLOYMENT_AMBIGUOUS: {
    cause: 'Workers of several worker deployments take the work of one task queue.',
    retryable: false,
    remedy: 'Name one of those in the message, and give each project a task queue of its own.',
  },
  VERSION_UNKNOWN: {
    cause: 'The worker deployment has no version of that build id.',
    retryable: false,
    remedy: 'Use one of those that `millrace deploy status` lists; a version is there once its first worker has started.',
  },
  VERSION_WITHOUT_WORKER: {
    cause: 'Runs were to go to a version that no worker has: they would wait.',
    retryable: true,
    remedy: 'Start a worker of that version, then ask again.',
  },
  VERSION_IN_PLACE: {
    cause: 'The deployment is as it was asked to become.',
    retryable: false,
    remedy: 'Nothing has to be done: see `millrace deploy status`.',
  },
  ROLLBACK_UNKNOWN: {
    cause: 'It is not known which version was current before.',
    retryable: false,
    remedy: 'Name the version: `millrace deploy promote VERSION`.',
  },
  DEPLOYMENT_CHANGED: {
    cause: 'Somebody else has changed the deployment since it was looked at.',
    retryable: true,
    remedy: 'Look at `millrace deploy status`, then ask again.',
  },
  RUN_NOT_MOVABLE: {
    cause: 'The run to move to another version is no pipeline’s, or is there already.',
    retryable: false,
    remedy: 'Look at it with `millrace show`.',
  },
} as const satisfies Record<string, ErrorCodeEntry>;
