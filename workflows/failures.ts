import {
  ActivityFailure,
  ApplicationFailure,
  CancelledFailure,
  TemporalFailure,
  TimeoutFailure,
  isCancellation,
} from '@temporalio/workflow';
import { ERROR_CODES } from '../src/core/error-codes.js';
import { MillraceError, messageOf, messageWithCode } from '../src/core/errors.js';
import type { PairFailure } from '../src/core/steps.js';

/**
 * What went wrong, unwrapped: a failed normal activity arrives inside an ActivityFailure, a failed local one bare.
 */
export function unwrap(error: unknown): unknown {
  return error instanceof ActivityFailure && error.cause !== undefined ? error.cause : error;
}

/**
 * What a step ended with. Once its cancellation is asked for, Temporal makes no further attempt and tells how the last one
 * failed: that its worker had died, say. Where there would have been another attempt, the cancellation is what ended the step.
 */
function endedBy(error: unknown): unknown {
  if (!(error instanceof ActivityFailure) || error.retryState !== 'CANCEL_REQUESTED') return error;
  const isFinal = error.cause instanceof ApplicationFailure && error.cause.nonRetryable === true;
  return isFinal ? error : new CancelledFailure(`The run was cancelled; the step's last attempt: ${messageOf(error.cause)}`);
}

/**
 * A failure with which a run may end. Anything else thrown in a workflow would retry its task for ever, and the `temporal`
 * CLI prints the outermost message only, so that one says it all.
 */
export function asRunFailure(error: unknown): TemporalFailure {
  if (isCancellation(error)) return error instanceof TemporalFailure ? error : new CancelledFailure('The run was cancelled.');
  const cause = unwrap(error);
  if (cause instanceof ApplicationFailure) {
    const isOurs = Object.hasOwn(ERROR_CODES, cause.type ?? '');
    return failureOf({ message: cause.message, type: cause.type, details: cause.details }, isOurs ? undefined : cause);
  }
  if (cause instanceof MillraceError) {
    return failureOf({ message: messageWithCode(cause), type: cause.code, details: [cause.details] });
  }
  if (cause instanceof TimeoutFailure) return failureOf({ message: timeoutMessage(cause), type: 'STEP_TIMEOUT' });
  return failureOf({ message: messageOf(cause) }, cause);
}

/** The code of a failure with which a run ends. */
export function codeOf(failure: Error): string {
  return failure instanceof ApplicationFailure ? (failure.type ?? 'STEP_FAILED') : 'CANCELLED';
}

function timeoutMessage({ timeoutType }: TimeoutFailure): string {
  const what =
    timeoutType === 'HEARTBEAT'
      ? 'its worker gave no sign of life for too long. Look at that worker: killed, out of memory, or cut off'
      : 'it took longer than its timeout. Give the step more time ({ timeout: … }), or less to do';
  return `${what}. [STEP_TIMEOUT]`;
}

interface FailureFacts {
  readonly message: string;
  readonly type?: string | null;
  readonly details?: unknown[] | null;
}

// The CLI prints stack and causes below the message. For an error of Millrace's own they would only repeat it, so a stack is
// kept where it leads into somebody's code: that of `thrown`.
function failureOf({ message, type, details }: FailureFacts, thrown?: unknown): ApplicationFailure {
  const failure = ApplicationFailure.create({ message, type: type ?? 'STEP_FAILED', details: details ?? [], nonRetryable: true });
  failure.stack = thrown instanceof Error ? (thrown.stack ?? '') : '';
  return failure;
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
  const { message, type, details } = failure;
  return failureOf(
    { message: `Step ${step} failed${often}: ${message}`, type, details },
    failure.stack === '' ? undefined : failure,
  );
}

/** How a step ends whose activity has failed, or was cancelled. */
export function stepEnding(
  step: string,
  thrown: unknown,
  maximumAttempts: number,
): { readonly status: 'failed' | 'cancelled'; readonly failure: TemporalFailure } {
  const error = endedBy(thrown);
  const status = isCancellation(error) ? 'cancelled' : 'failed';
  return { status, failure: asStepFailure(step, error, maximumAttempts) };
}

/** What the failure of an activity that does two steps says about them; nothing when it ended without a word, as by a timeout. */
export function pairFailure(error: unknown): PairFailure | undefined {
  const cause = unwrap(error);
  return cause instanceof ApplicationFailure ? (cause.details?.[1] as PairFailure | undefined) : undefined;
}
