import type { z } from 'zod';
import { requireRole } from '../access/caller.js';
import {
  isChange,
  OPERATIONS,
  type InputOf,
  type Operation,
  type OperationId,
  type Operations,
  type ParsedInputOf,
  type ResultOf,
} from '../api/index.js';
import { TerminalError } from '../core/errors.js';
import type { Caller } from '../access/caller.js';
import { approvalHandlers } from './approvals.js';
import { alertHandlers } from './alerts.js';
import { auditHandlers } from './audit.js';
import { audited } from './audited.js';
import type { Handlers, OperationContext, OperationServices } from './context.js';
import { datasetHandlers } from './datasets.js';
import { backfillHandlers } from './backfills.js';
import { deploymentHandlers } from './deployments.js';
import { healthHandlers } from './health.js';
import { pipelineHandlers } from './pipelines.js';
import { poolHandlers } from './pools.js';
import { quarantineHandlers } from './quarantine.js';
import { markStep, retryRun } from './retry-run.js';
import { runActionHandlers } from './run-actions.js';
import { moveRun } from './move-run.js';
import { runHistoryHandlers } from './run-history.js';
import { runLogHandlers } from './run-log.js';
import { runHandlers } from './runs.js';
import { scheduleHandlers } from './schedules.js';
import { triggerHandlers } from './triggers.js';
import { tokenHandlers } from './tokens.js';

const HANDLERS: Handlers<OperationId> = {
  ...pipelineHandlers,
  ...runHandlers,
  ...runActionHandlers,
  ...approvalHandlers,
  retryRun,
  markStep,
  ...runLogHandlers,
  ...runHistoryHandlers,
  ...datasetHandlers,
  ...quarantineHandlers,
  ...scheduleHandlers,
  ...triggerHandlers,
  ...tokenHandlers,
  ...auditHandlers,
  ...backfillHandlers,
  ...deploymentHandlers,
  moveRun,
  ...alertHandlers,
  ...poolHandlers,
  ...healthHandlers,
};

/**
 * Does one operation for somebody: sees that they may, checks what they ask, and does it. A change is written to the audit,
 * whoever asks for it and however it ends.
 *
 * @throws TerminalError FORBIDDEN, REQUEST_INVALID, and what the operation itself refuses with
 */
export async function perform<Id extends OperationId>(
  services: OperationServices,
  caller: Caller,
  id: Id,
  input: unknown,
): Promise<ResultOf<Id>> {
  const described: Operation = OPERATIONS[id];
  const handler = HANDLERS[id] as (context: OperationContext, parsed: ParsedInputOf<Id>) => Promise<ResultOf<Id>>;
  const work = async (): Promise<ResultOf<Id>> => {
    if (described.public !== true) requireRole(caller, described.role, `\`${id}\` (${described.summary.replace(/\.$/, '')})`);
    return handler({ ...services, caller }, parseInput(id, input));
  };
  return isChange(described) ? audited(services.catalog, caller, { id, input }, work) : work();
}

/** Schemas that refuse what they do not know: made once each, since zod compiles a schema when it first parses with it. */
const strictInputs = new Map<OperationId, z.ZodObject>();

function strictInput(id: OperationId): z.ZodObject {
  const known = strictInputs.get(id);
  if (known) return known;
  const strict: z.ZodObject = OPERATIONS[id].input.strict();
  strictInputs.set(id, strict);
  return strict;
}

function parseInput<Id extends OperationId>(id: Id, input: unknown): ParsedInputOf<Id> {
  const parsed = strictInput(id).safeParse(input);
  if (parsed.success) return parsed.data as ParsedInputOf<Id>;
  const problems = parsed.error.issues.map((issue) => `${issue.path.join('.') || '(all)'}: ${issue.message}`);
  throw new TerminalError('REQUEST_INVALID', `The request \`${id}\` is wrong: ${problems.join('; ')}.`, {
    fields: parsed.error.issues.map((issue) => issue.path.join('.')).join(','),
  });
}

/** Every operation, done here: on Temporal and the catalog, for one caller. */
export function localOperations(services: OperationServices, caller: Caller): Operations {
  const entries = (Object.keys(OPERATIONS) as OperationId[]).map((id) => [
    id,
    (input: InputOf<typeof id>) => perform(services, caller, id, input),
  ]);
  return Object.fromEntries(entries) as Operations;
}
