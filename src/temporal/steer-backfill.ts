import {
  ApplicationFailure,
  CancelledFailure,
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
  WorkflowUpdateRPCTimeoutOrCancelledError,
} from '@temporalio/client';
import type { BackfillRetry, BackfillSteered, BackfillSteering } from '../core/backfill.js';
import { ERROR_CODES, type ErrorCode } from '../core/error-codes.js';
import { TerminalError, TransientError } from '../core/errors.js';
import type { TemporalClient } from './connect.js';
import { GRPC, grpcCode } from './grpc-status.js';
import { answered } from './service-errors.js';

/** A backfill answers in a moment, or not at all. */
const DEADLINE_MS = 1_000;

/** What an open backfill can be asked to do, with what it is told. */
export interface BackfillUpdates {
  readonly pause: BackfillSteering;
  readonly resume: BackfillSteering;
  readonly retryFailed: BackfillRetry;
}

/**
 * Asks an open backfill to do something, and gives how it stands then.
 *
 * @throws TerminalError BACKFILL_CLOSED, BACKFILL_INVALID; TransientError BACKFILL_NOT_ANSWERING after a second
 */
export async function steerBackfill<Name extends keyof BackfillUpdates>(
  temporal: TemporalClient,
  workflowId: string,
  update: Name,
  request: BackfillUpdates[Name],
): Promise<BackfillSteered> {
  const { client } = temporal;
  const ask = () =>
    client.workflow.getHandle(workflowId).executeUpdate<BackfillSteered, [typeof request]>(update, { args: [request] });
  try {
    return await client.withDeadline(Date.now() + DEADLINE_MS, ask);
  } catch (error) {
    throw refusal(workflowId, error) ?? (await answered(temporal, workflowId, () => Promise.reject(error)));
  }
}

/**
 * Asks a backfill to end. Its runs at work are asked to stop, or left to go on. It needs no worker to be asked.
 */
export async function cancelBackfill(temporal: TemporalClient, workflowId: string, leaveRuns: boolean): Promise<void> {
  const handle = temporal.client.workflow.getHandle(workflowId);
  await answered(temporal, workflowId, async () => {
    if (leaveRuns) await handle.signal('leaveRuns');
    await handle.cancel();
  });
}

function refusal(workflowId: string, error: unknown): Error | undefined {
  const cause = { cause: error };
  if (error instanceof WorkflowUpdateFailedError && error.cause instanceof ApplicationFailure) {
    const { type, message } = error.cause;
    const code = type !== undefined && type !== null && Object.hasOwn(ERROR_CODES, type) ? (type as ErrorCode) : undefined;
    if (code) return new TerminalError(code, message.replace(` [${code}]`, ''), {}, cause);
    return new TerminalError('BACKFILL_CLOSED', `The backfill ${workflowId} ended while it was asked: ${message}.`, {}, cause);
  }
  // Handlers of a workflow that is being cancelled are cancelled with it.
  if (error instanceof WorkflowUpdateFailedError && error.cause instanceof CancelledFailure) {
    return new TerminalError('BACKFILL_CLOSED', `The backfill ${workflowId} is being cancelled.`, {}, cause);
  }
  if (error instanceof WorkflowNotFoundError) {
    return new TerminalError('BACKFILL_CLOSED', `The backfill ${workflowId} has ended.`, {}, cause);
  }
  if (error instanceof WorkflowUpdateRPCTimeoutOrCancelledError || grpcCode(error) === GRPC.deadlineExceeded) {
    const message = `The backfill ${workflowId} did not answer within ${DEADLINE_MS / 1000} s. What was asked may still happen: look at it with \`millrace backfills show ${workflowId}\` before you ask again.`;
    return new TransientError('BACKFILL_NOT_ANSWERING', message, {}, cause);
  }
  return undefined;
}
