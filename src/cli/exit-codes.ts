import type { ErrorCode } from '../core/error-codes.js';

/** What the program's exit codes mean; `docs/cli.md` tells it to users. */
export const EXIT = { ok: 0, failed: 1, usage: 2, notFound: 3, unreachable: 4, interrupted: 130 } as const;

const BY_CODE: Readonly<Partial<Record<ErrorCode, number>>> = {
  COMMAND_INVALID: EXIT.usage,
  CONFIG_INVALID: EXIT.usage,
  PROJECT_INVALID: EXIT.usage,
  TYPES_INVALID: EXIT.usage,
  WORKFLOW_INVALID: EXIT.usage,
  WORKFLOW_IMPORT: EXIT.usage,
  ENV_MISSING: EXIT.usage,
  ENV_INVALID: EXIT.usage,
  BUILD_UNUSABLE: EXIT.usage,
  FILES_EXIST: EXIT.usage,
  CONNECTION_UNKNOWN: EXIT.usage,
  CONTRACT_UNKNOWN: EXIT.usage,
  TRANSFORM_UNKNOWN: EXIT.usage,
  OPTION_INVALID: EXIT.usage,
  CAPABILITY_MISSING: EXIT.usage,
  PARAMETERS_INVALID: EXIT.usage,
  PIPELINE_NAME_MISMATCH: EXIT.usage,
  RETRY_INVALID: EXIT.usage,
  RUN_ALREADY_RUNNING: EXIT.usage,
  RUN_CLOSED: EXIT.usage,
  RUN_NOT_PAUSABLE: EXIT.usage,
  RUN_NOT_PAUSED: EXIT.usage,
  RUN_NOT_STEERABLE: EXIT.usage,
  STEP_NOT_WAITING: EXIT.usage,
  STEP_NOT_SKIPPABLE: EXIT.usage,
  APPROVAL_UNKNOWN: EXIT.notFound,
  APPROVAL_CLOSED: EXIT.usage,
  APPROVAL_REPEATED: EXIT.usage,
  APPROVAL_FORBIDDEN: EXIT.usage,
  STEERING_INVALID: EXIT.usage,
  IDEMPOTENCY_CONFLICT: EXIT.usage,
  BACKFILL_INVALID: EXIT.usage,
  BACKFILL_CLOSED: EXIT.usage,
  POOL_UNKNOWN: EXIT.notFound,
  SLOT_UNKNOWN: EXIT.notFound,
  SLOT_IN_USE: EXIT.usage,
  BACKFILL_UNKNOWN: EXIT.notFound,
  RUN_NO_WORKER: EXIT.unreachable,
  RUN_VERSION_GONE: EXIT.unreachable,
  RUN_NOT_ANSWERING: EXIT.unreachable,
  BACKFILL_NO_WORKER: EXIT.unreachable,
  BACKFILL_NOT_ANSWERING: EXIT.unreachable,
  CREDENTIALS_REJECTED: EXIT.usage,
  DATABASE_MISSING: EXIT.usage,
  REQUEST_INVALID: EXIT.usage,
  UNAUTHENTICATED: EXIT.usage,
  FORBIDDEN: EXIT.usage,
  SERVICE_ADDRESS_INVALID: EXIT.usage,
  SERVICE_UNPROTECTED: EXIT.usage,
  TOKEN_UNKNOWN: EXIT.notFound,
  DATASET_UNKNOWN: EXIT.notFound,
  SERVICE_UNREACHABLE: EXIT.unreachable,
  RUN_UNKNOWN: EXIT.notFound,
  HISTORY_FORGOTTEN: EXIT.notFound,
  QUARANTINE_UNKNOWN: EXIT.notFound,
  PIPELINE_UNKNOWN: EXIT.notFound,
  SCHEDULE_UNKNOWN: EXIT.notFound,
  SCHEDULE_FOREIGN: EXIT.usage,
  SCHEDULE_RANGE: EXIT.usage,
  SCHEDULE_FILLING: EXIT.usage,
  TRIGGER_UNKNOWN: EXIT.notFound,
  DEPLOYMENT_UNKNOWN: EXIT.notFound,
  DEPLOYMENT_AMBIGUOUS: EXIT.usage,
  VERSION_UNKNOWN: EXIT.notFound,
  ALERT_UNKNOWN: EXIT.notFound,
  ALERT_CHANNEL_UNKNOWN: EXIT.notFound,
  ALERT_NOT_DEAD: EXIT.usage,
  ALERT_ACKNOWLEDGED: EXIT.usage,
  ALERT_UNDELIVERED: EXIT.unreachable,
  TEMPORAL_TLS: EXIT.usage,
  TEMPORAL_UNREACHABLE: EXIT.unreachable,
  CATALOG_UNAVAILABLE: EXIT.unreachable,
  CONNECTION_REFUSED: EXIT.unreachable,
  CONNECTION_LOST: EXIT.unreachable,
  TOOL_MISSING: EXIT.unreachable,
  PORT_BUSY: EXIT.unreachable,
};

/** The exit code for a command that ended with an error. */
export function exitCodeOf(code: string): number {
  return BY_CODE[code as ErrorCode] ?? EXIT.failed;
}

/** Errors with which a run refuses to begin: those of the person who started it. Every other end of a run is a failed run. */
const REFUSALS: ReadonlySet<string> = new Set<ErrorCode>([
  'PARAMETERS_INVALID',
  'PIPELINE_UNKNOWN',
  'PIPELINE_NAME_MISMATCH',
  'RETRY_INVALID',
]);

/** The exit code for a run that failed. */
export function exitCodeOfRun(code: string): number {
  return REFUSALS.has(code) ? exitCodeOf(code) : EXIT.failed;
}
