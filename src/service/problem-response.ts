import type { Problem } from '../api/schemas/problem.js';
import { ERROR_CODES, type ErrorCode } from '../core/error-codes.js';
import { MillraceError } from '../core/errors.js';

/** What an error code is in HTTP. Those that are not here: 500, or 503 for what may pass. */
const STATUSES: Readonly<Partial<Record<ErrorCode, number>>> = {
  REQUEST_INVALID: 400,
  PARAMETERS_INVALID: 422,
  UNAUTHENTICATED: 401,
  FORBIDDEN: 403,
  ROUTE_UNKNOWN: 404,
  RUN_UNKNOWN: 404,
  PIPELINE_UNKNOWN: 404,
  RUN_ALREADY_RUNNING: 409,
  BACKFILL_INVALID: 422,
  BACKFILL_UNKNOWN: 404,
  BACKFILL_CLOSED: 409,
  REQUEST_TOO_LARGE: 413,
  RATE_LIMITED: 429,
};

/** An error as a problem document. Of an error that is not ours nothing is told: it may hold anything. */
export function problemOf(error: unknown, instance: string): Problem {
  const known = error instanceof MillraceError ? error : undefined;
  const code: ErrorCode = known?.code ?? 'INTERNAL';
  const { cause, remedy } = ERROR_CODES[code];
  return {
    type: `urn:millrace:error:${code}`,
    title: cause,
    status: STATUSES[code] ?? (known?.retryable === true ? 503 : 500),
    detail: known?.message ?? 'The service failed in a way that it does not know. Its log has the error under this instance.',
    code,
    remedy,
    instance,
  };
}
