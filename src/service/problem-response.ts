import type { FastifyReply } from 'fastify';
import type { Problem } from '../api/schemas/problem.js';
import { ERROR_CODES, type ErrorCode } from '../core/error-codes.js';
import { MillraceError, TransientError } from '../core/errors.js';

/** What an error code is in HTTP. Those that are not here: 500, or 503 for what may pass. */
const STATUSES: Readonly<Partial<Record<ErrorCode, number>>> = {
  REQUEST_INVALID: 400,
  UNAUTHENTICATED: 401,
  FORBIDDEN: 403,
  ORIGIN_REFUSED: 403,
  ROUTE_UNKNOWN: 404,
  RUN_UNKNOWN: 404,
  PIPELINE_UNKNOWN: 404,
  SCHEDULE_UNKNOWN: 404,
  SCHEDULE_FOREIGN: 409,
  SCHEDULE_RANGE: 422,
  SCHEDULE_FILLING: 409,
  ALERT_UNKNOWN: 404,
  ALERT_CHANNEL_UNKNOWN: 404,
  ALERT_NOT_DEAD: 409,
  ALERT_ACKNOWLEDGED: 409,
  ALERT_REFUSED: 422,
  TRIGGER_UNKNOWN: 404,
  SIGNATURE_INVALID: 401,
  TOKEN_UNKNOWN: 404,
  DATASET_UNKNOWN: 404,
  QUARANTINE_UNKNOWN: 404,
  HISTORY_FORGOTTEN: 404,
  ARCHIVE_DAMAGED: 409,
  METHOD_UNKNOWN: 405,
  RUN_ALREADY_RUNNING: 409,
  RUN_CLOSED: 409,
  RUN_NOT_PAUSABLE: 409,
  RUN_NOT_PAUSED: 409,
  RUN_NOT_STEERABLE: 409,
  STEP_NOT_WAITING: 409,
  STEP_NOT_SKIPPABLE: 409,
  DEPLOYMENT_UNKNOWN: 404,
  DEPLOYMENT_AMBIGUOUS: 409,
  VERSION_IN_PLACE: 409,
  VERSION_UNKNOWN: 404,
  ROLLBACK_UNKNOWN: 409,
  RUN_NOT_MOVABLE: 409,
  APPROVAL_UNKNOWN: 404,
  APPROVAL_CLOSED: 409,
  APPROVAL_REPEATED: 409,
  APPROVAL_FORBIDDEN: 403,
  STEERING_INVALID: 422,
  IDEMPOTENCY_CONFLICT: 422,
  BACKFILL_INVALID: 422,
  POOL_UNKNOWN: 404,
  SLOT_UNKNOWN: 404,
  SLOT_IN_USE: 409,
  BACKFILL_UNKNOWN: 404,
  BACKFILL_CLOSED: 409,
  REQUEST_TOO_LARGE: 413,
  MEDIA_TYPE_UNKNOWN: 415,
  PARAMETERS_INVALID: 422,
  RETRY_INVALID: 422,
  RATE_LIMITED: 429,
  INTERNAL: 500,
};

/** The status of an answer that tells of an error. */
export function statusOf(code: ErrorCode): number {
  return STATUSES[code] ?? (ERROR_CODES[code].retryable ? 503 : 500);
}

/** An error as a problem document. Of an error that is not ours nothing is told: it may hold anything. */
export function problemOf(error: unknown, instance: string): Problem {
  const known = error instanceof MillraceError ? error : undefined;
  const code: ErrorCode = known?.code ?? 'INTERNAL';
  const { cause, remedy } = ERROR_CODES[code];
  return {
    type: `urn:millrace:error:${code}`,
    title: cause,
    status: statusOf(code),
    detail: known?.message ?? 'The service failed in a way that it does not know. Its log has the error under this instance.',
    code,
    remedy,
    instance,
  };
}

/** Answers with a problem document, and the headers that go with its status. */
export function sendProblem(reply: FastifyReply, error: unknown): FastifyReply {
  const problem = problemOf(error, `urn:uuid:${reply.request.id}`);
  if (problem.status === 401) void reply.header('www-authenticate', 'Bearer realm="millrace"');
  if (error instanceof TransientError && (problem.status === 429 || problem.status === 503)) {
    void reply.header('retry-after', Math.max(1, Math.ceil((error.retryAfterMs ?? 1000) / 1000)));
  }
  return reply.code(problem.status).type('application/problem+json').send(problem);
}
