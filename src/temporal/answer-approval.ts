import type { Answered, AnswerInput } from '../core/approvals.js';
import { requireAnswerable } from './answerable.js';
import type { TemporalClient } from './connect.js';
import { requireOpen } from './open-run.js';
import type { RunAddress } from './run-id.js';
import { updateRun } from './update-run.js';

/** An answer to what a run asks. */
export interface AnswerRequest extends AnswerInput {
  readonly verdict: 'approve' | 'reject';
  /** Of the caller's choice: the same request again is answered as the first one was. @default none */
  readonly requestId?: string;
  /** How long the run may take to answer. @default 1000 */
  readonly timeoutMs?: number;
}

/**
 * Gives a run an answer. Who may answer has been found out by then: the run believes what it is told.
 *
 * @throws TerminalError APPROVAL_UNKNOWN, APPROVAL_CLOSED, APPROVAL_REPEATED, APPROVAL_FORBIDDEN, STEERING_INVALID; RUN_UNKNOWN,
 * RUN_CLOSED, RUN_NOT_STEERABLE
 * @throws TransientError RUN_NO_WORKER, RUN_VERSION_GONE at once; RUN_NOT_ANSWERING after a second
 */
export async function answerApproval(temporal: TemporalClient, address: RunAddress, request: AnswerRequest): Promise<Answered> {
  const { verdict, requestId, timeoutMs = 1_000, ...input } = request;
  const run = await requireOpen(temporal, address);
  await requireAnswerable(temporal, run);
  // By name: a key that two people have made up alike must not make one answer of two.
  const updateId = requestId === undefined ? undefined : `${verdict} ${input.step} ${input.by} ${requestId}`;
  return updateRun<Answered>(temporal, run, { update: verdict, input, timeoutMs, ...(updateId !== undefined && { updateId }) });
}
