import {
  ApplicationFailure,
  CancelledFailure,
  WorkflowUpdateFailedError,
  WorkflowUpdateRPCTimeoutOrCancelledError,
} from '@temporalio/client';
import { ERROR_CODES, type ErrorCode } from '../core/error-codes.js';
import { MillraceError, TerminalError, TransientError } from '../core/errors.js';
import type { TemporalClient } from './connect.js';
import { describeRun, type RunDescription } from './describe-run.js';
import { runCancelling, runClosed } from './open-run.js';
import { answered } from './service-errors.js';

interface UpdateRequest {
  readonly update: string;
  readonly input: unknown;
  readonly timeoutMs: number;
  /** The same update again is answered as the first one was. @default one of its own */
  readonly updateId?: string;
}

/**
 * Has a run take an update, and gives its answer.
 *
 * @throws MillraceError the run's own refusal; RUN_CLOSED when it ended meanwhile, RUN_NOT_STEERABLE, RUN_NOT_ANSWERING
 */
export async function updateRun<R>(temporal: TemporalClient, run: RunDescription, request: UpdateRequest): Promise<R> {
  const { update, input, timeoutMs, updateId } = request;
  const handle = temporal.client.workflow.getHandle(run.workflowId, run.runId);
  const ask = (): Promise<R> =>
    handle.executeUpdate<R, [unknown]>(update, { args: [input], ...(updateId !== undefined && { updateId }) });
  try {
    return await answered(temporal, run.workflowId, () => temporal.client.withDeadline(Date.now() + timeoutMs, ask));
  } catch (error) {
    throw await explain(temporal, run, request, error);
  }
}

async function explain(temporal: TemporalClient, run: RunDescription, { update, timeoutMs }: UpdateRequest, error: unknown) {
  if (isLate(error)) {
    return new TransientError(
      'RUN_NOT_ANSWERING',
      `The run ${run.workflowId} did not answer within ${timeoutMs} ms. Its worker may be gone, at work, or stuck. What was asked (${update}) may still happen: look with \`millrace show ${run.workflowId}\` before you ask again.`,
      { workflowId: run.workflowId, runId: run.runId },
      { cause: error },
    );
  }
  const refusal = error instanceof WorkflowUpdateFailedError ? error.cause : undefined;
  if (refusal instanceof ApplicationFailure && isCode(refusal.type)) return refused(run, refusal, refusal.type);
  const now = await describeRun(temporal, run).catch(() => run);
  if (now.state !== 'running' && now.state !== 'paused') return runClosed(now);
  if (refusal === undefined) return error;
  // Handlers of a workflow that is being cancelled are cancelled with it.
  if (refusal instanceof CancelledFailure) return runCancelling(now, error);
  return new TerminalError(
    'RUN_NOT_STEERABLE',
    `The workflow ${run.workflowId} (${run.pipeline}) does not take "${update}": ${refusal.message}. It is no run of a pipeline, or its worker is of an older Millrace.`,
    { workflowId: run.workflowId, runId: run.runId },
    { cause: error },
  );
}

function isLate(error: unknown): boolean {
  if (error instanceof WorkflowUpdateRPCTimeoutOrCancelledError) return true;
  return error instanceof MillraceError && error.code === 'TEMPORAL_UNREACHABLE' && /deadline/i.test(error.message);
}

function isCode(type: string | null | undefined): type is ErrorCode {
  return typeof type === 'string' && Object.hasOwn(ERROR_CODES, type);
}

function refused({ workflowId, runId }: RunDescription, { message }: Error, code: ErrorCode): TerminalError {
  const tail = ` [${code}]`;
  const text = message.endsWith(tail) ? message.slice(0, -tail.length) : message;
  return new TerminalError(code, text, { workflowId, runId });
}
