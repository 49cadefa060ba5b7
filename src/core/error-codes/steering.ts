import type { ErrorCodeEntry } from './entry.js';

/** Steering runs that are open. */
export const STEERING_ERRORS = {
  STEERING_INVALID: {
    cause: 'What a run was asked to do is malformed: no name of who asks, no reason where one is needed, or an unknown decision.',
    retryable: false,
    remedy: 'Correct what the message names.',
  },
  MARK_INVALID: {
    cause:
      'A dataset was to count as the result of a step that failed, and cannot: it is not whole, of another contract, or the step is done.',
    retryable: false,
    remedy: 'Name a step that did not finish, and a staged dataset that fits what it makes.',
  },
  RUN_CLOSED: {
    cause: 'The run has ended, so nothing can be done to it any more.',
    retryable: false,
    remedy: 'Look at it with `millrace show`; `millrace retry` starts a new run that takes over what was finished.',
  },
  RUN_NOT_PAUSABLE: {
    cause: 'The run is paused already, or it is about to end.',
    retryable: false,
    remedy: 'Look at it with `millrace show`.',
  },
  RUN_NOT_PAUSED: {
    cause: 'The run to resume is not paused.',
    retryable: false,
    remedy: 'Look at it with `millrace show`: it may wait for a decision, or for a worker.',
  },
  STEP_NOT_WAITING: {
    cause: 'The step to decide on does not wait for a decision.',
    retryable: false,
    remedy: "Name one of the steps in the message. Only steps with `onFailure: 'wait'` wait, once they have failed.",
  },
  STEP_NOT_SKIPPABLE: {
    cause: 'A step was to be skipped whose result decides what the run does.',
    retryable: false,
    remedy: 'Mend its cause and decide `retry`, or `abort`.',
  },
  RUN_NO_WORKER: {
    cause: 'No worker takes the tasks of the run’s queue, so the run cannot answer.',
    retryable: true,
    remedy: 'Start a worker of the run’s project, then ask again.',
  },
  RUN_VERSION_GONE: {
    cause: 'The run is pinned to a version of a worker deployment that no worker has any more.',
    retryable: true,
    remedy: 'Start a worker of that version, or move the run to another one: `millrace move`.',
  },
  RUN_NOT_ANSWERING: {
    cause: 'A worker is there, and the run has not answered in time. What was asked may still happen.',
    retryable: true,
    remedy: 'Look at the run with `millrace show` before you ask again.',
  },
  RUN_NOT_STEERABLE: {
    cause: 'The workflow does not know the action: it is no pipeline, or its worker is of an older Millrace.',
    retryable: false,
    remedy: 'Deploy a worker of this version, and look whether the id is that of a run.',
  },
} as const satisfies Record<string, ErrorCodeEntry>;
