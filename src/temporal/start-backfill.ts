import { createHash, randomBytes } from 'node:crypto';
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/client';
import {
  BACKFILL_IDS,
  BACKFILL_WORKFLOW,
  type BackfillControl,
  type BackfillRequest,
  type BackfillRetry,
} from '../core/backfill.js';
import { canonicalJson } from '../core/canonical-json.js';
import { TerminalError } from '../core/errors.js';
import type { TemporalClient } from './connect.js';
import type { RunAddress } from './run-id.js';
import { answered } from './service-errors.js';

/**
 * The workflow id of a backfill: `backfill/flightDelays/<time><chance>`, sorting by time; with a key, always the same one for
 * that key.
 */
export function backfillId(pipeline: string, idempotencyKey?: string, now: number = Date.now()): string {
  const own =
    idempotencyKey === undefined
      ? `${now.toString(36).padStart(9, '0')}${randomBytes(2).toString('hex')}`
      : createHash('sha256').update(idempotencyKey).digest('hex').slice(0, 24);
  return `${BACKFILL_IDS}${pipeline}/${own}`;
}

export interface StartedBackfill extends Required<RunAddress> {
  /** False where the same call had started it before. */
  readonly started: boolean;
}

/**
 * Starts a backfill, once for its id.
 *
 * @throws TerminalError IDEMPOTENCY_CONFLICT when its id belongs to a backfill that was asked to do something else
 */
export async function startBackfill(
  temporal: TemporalClient,
  input: { readonly workflowId: string; readonly taskQueue: string; readonly request: BackfillRequest },
): Promise<StartedBackfill> {
  const { workflowId, taskQueue, request } = input;
  return answered(temporal, workflowId, async () => {
    try {
      const handle = await temporal.client.workflow.start(BACKFILL_WORKFLOW, {
        workflowId,
        taskQueue,
        args: [request],
        memo: { request },
        workflowIdReusePolicy: 'REJECT_DUPLICATE',
        workflowIdConflictPolicy: 'FAIL',
      });
      return { workflowId, runId: handle.firstExecutionRunId, started: true };
    } catch (error) {
      if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
      const { runId, memo } = await temporal.client.workflow.getHandle(workflowId).describe();
      requireSame(workflowId, memo?.['request'], request);
      return { workflowId, runId, started: false };
    }
  });
}

/**
 * Takes a closed backfill up again, under its id.
 *
 * @throws TerminalError BACKFILL_INVALID when it is open by now
 */
export async function restartBackfill(
  temporal: TemporalClient,
  input: {
    readonly workflowId: string;
    readonly taskQueue: string;
    readonly request: BackfillRequest;
    readonly again: BackfillRetry;
  },
): Promise<Required<RunAddress>> {
  const { workflowId, taskQueue, request, again } = input;
  const control: BackfillControl = { again };
  return answered(temporal, workflowId, async () => {
    try {
      const handle = await temporal.client.workflow.start(BACKFILL_WORKFLOW, {
        workflowId,
        taskQueue,
        args: [request, control],
        memo: { request },
        workflowIdReusePolicy: 'ALLOW_DUPLICATE',
        workflowIdConflictPolicy: 'FAIL',
      });
      return { workflowId, runId: handle.firstExecutionRunId };
    } catch (error) {
      if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
      const message = `The backfill ${workflowId} was taken up again by somebody else just now. Look at it before you ask again.`;
      throw new TerminalError('BACKFILL_INVALID', message, {}, { cause: error });
    }
  });
}

/** @throws TerminalError IDEMPOTENCY_CONFLICT */
export function requireSame(workflowId: string, before: unknown, request: BackfillRequest): void {
  if (whatOf(before) === whatOf(request)) return;
  throw new TerminalError(
    'IDEMPOTENCY_CONFLICT',
    `The idempotency key has started the backfill ${workflowId}, which was asked to do something else. Give this one a new key, or repeat the old request unchanged.`,
    { workflowId },
  );
}

// Who asks is no part of what is asked.
function whatOf(request: unknown): string {
  return canonicalJson({ ...(request as Partial<BackfillRequest> | undefined), by: undefined });
}
