import { refusalOf, type ApprovalState } from '../core/approvals.js';
import type { ApprovalRecorded } from './approval-facts.js';
import type { RunKey } from './facts.js';
import { mentionRun } from './run-statements.js';
import type { CatalogSession } from './tables.js';

/** Writes how an approval stands, and its step with it. @returns whether it was news */
export async function recordApproval(db: CatalogSession, fact: ApprovalRecorded): Promise<boolean> {
  const { approval, run, workflowId, runId } = fact;
  const current = {
    change: approval.change,
    status: approval.status,
    answers: JSON.stringify(approval.answers),
    ended_at: approval.endedAt,
    taken_from: approval.takenFrom ? JSON.stringify(approval.takenFrom) : null,
  };
  const { numInsertedOrUpdatedRows } = await db
    .insertInto('approvals')
    .values({
      workflow_id: workflowId,
      run_id: runId,
      step: approval.step,
      pipeline: run.pipeline,
      partition: run.partition ?? null,
      title: approval.title,
      details: approval.details === null ? null : JSON.stringify(approval.details),
      roles: JSON.stringify(approval.roles),
      needed: approval.needed,
      four_eyes: approval.fourEyes ? 1 : 0,
      on_expiry: approval.onExpiry,
      since: approval.since,
      expires_at: approval.expiresAt,
      ...current,
    })
    .onConflict((conflict) =>
      conflict.columns(['workflow_id', 'run_id', 'step']).doUpdateSet(current).where('approvals.change', '<', approval.change),
    )
    .executeTakeFirst();
  if (numInsertedOrUpdatedRows !== 1n) return false;
  await mentionRun(db, fact, run, approval.since);
  await keepStep(db, fact, approval);
  return true;
}

/** The approval as a step of its run, which has no attempts but one. */
async function keepStep(db: CatalogSession, { workflowId, runId }: RunKey, approval: ApprovalState): Promise<void> {
  const { step, status, endedAt, onExpiry, answers, since } = approval;
  const isGiven = status === 'approved' || (status === 'expired' && onExpiry === 'approve');
  const isRefused = !isGiven && status !== 'waiting';
  const current = {
    status: isGiven ? 'done' : isRefused ? 'failed' : 'running',
    finished_at: endedAt,
    result: isGiven ? JSON.stringify({ approved: { answers, expired: status === 'expired' } }) : null,
    error_code: isRefused ? (status === 'rejected' ? 'APPROVAL_REJECTED' : 'APPROVAL_EXPIRED') : null,
    error_message: isRefused ? `${refusalOf(approval)}.` : null,
    will_retry: isRefused ? 0 : null,
  };
  await db
    .insertInto('step_runs')
    .values({
      workflow_id: workflowId,
      run_id: runId,
      step,
      attempt: 1,
      kind: 'approve',
      name: step.slice(step.indexOf(':') + 1),
      started_at: since,
      inputs: '[]',
      ...current,
    })
    .onConflict((conflict) => conflict.columns(['workflow_id', 'run_id', 'step', 'attempt']).doUpdateSet(current))
    .execute();
}
