import { ActivityFailure, ApplicationFailure, CancelledFailure, TemporalFailure, isCancellation } from '@temporalio/workflow';
import { MillraceError, messageOf, messageWithCode } from '../src/core/errors.js';

/**
 * What went wrong, unwrapped: a failed normal activity arrives inside an ActivityFailure, a failed local one bare.
 */
export function unwrap(error: unknown): unknown {
  return error instanceof ActivityFailure && error.cause !== undefined ? error.cause : error;
}

/**
 * A failure with which a run may end. Anything else thrown in a workflow would retry its task for ever, and the `temporal`
 * CLI prints the outermost message only, so that one says it all.
 */
export function asRunFailure(error: unknown): TemporalFailure {
  if (isCancellation(error)) return error instanceof TemporalFailure ? error : new CancelledFailure('The run was cancelled.');
  const cause = unwrap(error);
  if (cause instanceof ApplicationFailure) {
    return ApplicationFailure.create({
      message: cause.message,
      type: cause.type ?? 'STEP_FAILED',
      details: cause.details ?? [],
      nonRetryable: true,
      cause,
    });
  }
  if (cause instanceof MillraceError) {
    return ApplicationFailure.create({
      message: messageWithCode(cause),
      type: cause.code,
      details: [cause.details],
      nonRetryable: true,
    });
  }
  return ApplicationFailure.create({
    message: messageOf(cause),
    type: 'STEP_FAILED',
    nonRetryable: true,
    cause: cause instanceof Error ? cause : undefined,
  });
}

/**
 * The failure of one step, led by the step's name, and by the number of its attempts when it was given up after more than
 * one. Its `type` is the error's code.
 */
export function asStepFailure(step: string, error: unknown, maximumAttempts: number): TemporalFailure {
  if (isCancellation(error)) return asRunFailure(error);
  const failure = asRunFailure(error);
  if (!(failure instanceof ApplicationFailure)) return failure;
  const givenUp = error instanceof ActivityFailure && error.retryState === 'MAXIMUM_ATTEMPTS_REACHED';
  const often = givenUp && maximumAttempts > 1 ? ` after ${maximumAttempts} attempts` : '';
  return ApplicationFailure.create({
    message: `Step ${step} failed${often}: ${failure.message}`,
    type: failure.type ?? 'STEP_FAILED',
    details: failure.details ?? [],
    nonRetryable: true,
  });
}
