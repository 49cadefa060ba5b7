import { ApplicationFailure, CancelledFailure } from '@temporalio/activity';
import { MillraceError, TransientError, messageOf, messageWithCode } from '../src/core/errors.js';
import { scrub } from '../src/core/secrets.js';

/**
 * The one place where Millrace's errors become Temporal's: terminal ones are not retried, transient ones are, after the
 * other side's own delay if it named one. The message ends with the code and holds none of `secrets`.
 */
export function toFailure(error: unknown, secrets: readonly string[] = []): Error {
  if (error instanceof CancelledFailure || error instanceof ApplicationFailure) return error;
  if (error instanceof MillraceError) {
    const failure = ApplicationFailure.create({
      message: scrub(messageWithCode(error), secrets),
      type: error.code,
      nonRetryable: !error.retryable,
      details: [error.details],
      ...(error instanceof TransientError && error.retryAfterMs !== undefined && { nextRetryDelay: error.retryAfterMs }),
    });
    // The message says it all; Temporal's UI and CLI would print where in Millrace it was made.
    failure.stack = '';
    return failure;
  }
  const failure = ApplicationFailure.create({ message: scrub(`${messageOf(error)} [INTERNAL]`, secrets), type: 'INTERNAL' });
  failure.stack = error instanceof Error ? scrub(error.stack ?? '', secrets) : '';
  return failure;
}
