import { asStepFailure } from '../../workflows/failures.js';
import type { RunState } from '../../workflows/run-state.js';
import { toFailure } from '../../activities/failure.js';
import type { Answer } from '../core/answer.js';
import { approversOf, refusalOf, type Approval, type ApprovalCall, type ApprovalState } from '../core/approvals.js';
import { TerminalError } from '../core/errors.js';
import type { GivenApprovals } from './approval-answers.js';
import type { StepId } from '../core/steps.js';

/** Answers an approval at once, as the test says: approved by as many as it needs, unless it says otherwise. */
export async function givenApproval(
  call: ApprovalCall,
  given: GivenApprovals,
  state: RunState,
  failures: Readonly<Record<StepId, Error>>,
): Promise<Approval> {
  const step: StepId = `approve:${call.name}`;
  state.begin(step, 'approve', call.name);
  await Promise.resolve();
  try {
    const failure = failures[step];
    if (failure) throw toFailure(failure);
    const answer = (Object.hasOwn(given, call.name) ? given[call.name] : undefined) ?? 'approved';
    const approval = answered(step, call, answer);
    if (answer === 'rejected') throw new TerminalError('APPROVAL_REJECTED', `${refusalOf(approval)}.`);
    if (answer === 'expired' && call.onExpiry === 'reject')
      throw new TerminalError('APPROVAL_EXPIRED', `${refusalOf(approval)}.`);
    state.end(step, 'done', { result: { approved: { answers: approval.answers, expired: answer === 'expired' } } });
    return { approvedBy: approversOf(approval), expired: answer === 'expired' };
  } catch (error) {
    const failure = asStepFailure(step, error, 1);
    state.end(step, 'failed', { error: failure.message });
    throw failure;
  }
}

function answered(step: StepId, call: ApprovalCall, status: 'approved' | 'rejected' | 'expired'): ApprovalState {
  const at = new Date().toISOString();
  const [role] = call.roles;
  const answer = (verdict: Answer['verdict'], number: number): Answer => ({
    verdict,
    by: `test ${number}`,
    ...(verdict === 'reject' && { reason: 'the test says so' }),
    ...(role !== undefined && { role }),
    at,
  });
  const answers = {
    approved: Array.from({ length: call.needed }, (_, index) => answer('approve', index + 1)),
    rejected: [answer('reject', 1)],
    expired: [],
  }[status];
  const { title, details, roles, needed, fourEyes, onExpiry } = call;
  const question = { title, details, roles, needed, fourEyes, onExpiry };
  return { ...question, step, change: 2, since: at, expiresAt: at, status, answers, endedAt: at };
}
