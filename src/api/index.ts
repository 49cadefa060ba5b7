import type { z } from 'zod';
import { ACCESS_OPERATIONS } from './operations/access.js';
import { DEPLOYMENT_OPERATIONS } from './operations/deployments.js';
import { APPROVAL_OPERATIONS } from './operations/approvals.js';
import { ALERT_OPERATIONS } from './operations/alerts.js';
import { DATASET_OPERATIONS } from './operations/datasets.js';
import { BACKFILL_OPERATIONS } from './operations/backfills.js';
import { PIPELINE_OPERATIONS } from './operations/pipelines.js';
import { POOL_OPERATIONS } from './operations/pools.js';
import { RUN_ACTIONS } from './operations/run-actions.js';
import { RUN_OPERATIONS } from './operations/runs.js';
import { SCHEDULE_OPERATIONS } from './operations/schedules.js';
import { TRIGGER_OPERATIONS } from './operations/triggers.js';
import { SERVICE_OPERATIONS } from './operations/service.js';

export { isChange, pathFields, TAGS, type Operation, type Tag } from './operation.js';

export { HOOK_HEADERS, HOOKS, MOST_HOOK_BYTES, type HookId } from './hooks.js';

export { STREAMS, type Stream } from './streams.js';

/** Everything that can be asked of Millrace, by name. */
export const OPERATIONS = {
  ...PIPELINE_OPERATIONS,
  ...RUN_OPERATIONS,
  ...RUN_ACTIONS,
  ...APPROVAL_OPERATIONS,
  ...DATASET_OPERATIONS,
  ...SCHEDULE_OPERATIONS,
  ...TRIGGER_OPERATIONS,
  ...ACCESS_OPERATIONS,
  ...BACKFILL_OPERATIONS,
  ...DEPLOYMENT_OPERATIONS,
  ...ALERT_OPERATIONS,
  ...POOL_OPERATIONS,
  ...SERVICE_OPERATIONS,
} as const;

export type OperationId = keyof typeof OPERATIONS;

/** What a caller gives. */
export type InputOf<Id extends OperationId> = z.input<(typeof OPERATIONS)[Id]['input']>;

/** What the code behind it gets: checked, with defaults filled in. */
export type ParsedInputOf<Id extends OperationId> = z.output<(typeof OPERATIONS)[Id]['input']>;

export type ResultOf<Id extends OperationId> = z.output<(typeof OPERATIONS)[Id]['result']>;

/**
 * Everything that can be asked, as functions: of a service elsewhere, or of Temporal and the catalog themselves. Who asks
 * need not know which.
 */
export type Operations = { readonly [Id in OperationId]: (input: InputOf<Id>) => Promise<ResultOf<Id>> };
