import { APPROVAL_ERRORS } from './error-codes/approvals.js';
import { ALERT_ERRORS } from './error-codes/alerts.js';
import { ARCHIVE_ERRORS } from './error-codes/archive.js';
import { BACKFILL_ERRORS } from './error-codes/backfills.js';
import { CLIENT_ERRORS } from './error-codes/clients.js';
import { DATABASE_ERRORS } from './error-codes/databases.js';
import { DATA_ERRORS } from './error-codes/data.js';
import { DEPLOYMENT_ERRORS } from './error-codes/deployments.js';
import { ENGINE_ERRORS } from './error-codes/engine.js';
import { FILE_ERRORS } from './error-codes/files.js';
import { INCREMENTAL_ERRORS } from './error-codes/incremental.js';
import { POOL_ERRORS } from './error-codes/pools.js';
import { PROJECT_ERRORS } from './error-codes/project.js';
import { QUARANTINE_ERRORS } from './error-codes/quarantine.js';
import { RUN_ERRORS } from './error-codes/runs.js';
import { SCHEDULE_ERRORS } from './error-codes/schedules.js';
import { SERVICE_ERRORS } from './error-codes/service.js';
import { STEERING_ERRORS } from './error-codes/steering.js';
import { TRIGGER_ERRORS } from './error-codes/triggers.js';
import { TESTING_ERRORS } from './error-codes/testing.js';
import type { ErrorCodeEntry } from './error-codes/entry.js';

export type { ErrorCodeEntry };

/** Every error Millrace raises by intent. A code, once released, keeps its meaning. */
export const ERROR_CODES = {
  ...RUN_ERRORS,
  ...ARCHIVE_ERRORS,
  ...BACKFILL_ERRORS,
  ...STEERING_ERRORS,
  ...DEPLOYMENT_ERRORS,
  ...APPROVAL_ERRORS,
  ...POOL_ERRORS,
  ...PROJECT_ERRORS,
  ...FILE_ERRORS,
  ...DATABASE_ERRORS,
  ...DATA_ERRORS,
  ...QUARANTINE_ERRORS,
  ...INCREMENTAL_ERRORS,
  ...ENGINE_ERRORS,
  ...CLIENT_ERRORS,
  ...SCHEDULE_ERRORS,
  ...ALERT_ERRORS,
  ...TRIGGER_ERRORS,
  ...SERVICE_ERRORS,
  ...TESTING_ERRORS,
} as const satisfies Record<string, ErrorCodeEntry>;

export type ErrorCode = keyof typeof ERROR_CODES;
