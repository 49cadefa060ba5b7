import { CancellationScope, condition, isCancellation, proxySinks, setHandler } from '@temporalio/workflow';
import type { AdmittedRun } from '../src/core/admission.js';
import {
  approversOf,
  refusalOf,
  type Answered,
  type Approval,
  type ApprovalCall,
  type ApprovalSinks,
  type ApprovalState,
} from '../src/core/approvals.js';
import { TerminalError } from '../src/core/errors.js';
import type { RunContext, StepId } from '../src/core/steps.js';
import { ApprovalRecords } from './approval-records.js';
import { approveUpdate, rejectUpdate } from './approval-updates.js';
import { openApproval } from './bookkeeping.js';
import { asStepFailure } from './failures.js';
import type { RunState } from './run-state.js';
import { refusing } from './steering.js';

const { approvals: sink } = proxySinks<ApprovalSinks>();

/** The run that asks, and what it may take over. */
export interface Asking {
  readonly run: RunContext;
  readonly admitted: AdmittedRun;
  /** Whether everything that was done in this run so far is as it was in the run that it retries. */
  readonly isAsBefore: boolean;
}

/**
 * People who are asked before the run goes on. It waits within the workflow: no activity and no worker slot is held meanwhile,
 * and a run that asks nobody pays nothing.
 */
export class Approvals {
  private run: RunContext | undefined;
  private readonly records = new ApprovalRecords((approval) => this.tell(approval));
  private readonly scope = CancellationScope.current();
  private ending = false;

  /** @param changed told when it is to be shown anew how the run stands */
  constructor(
    private readonly state: RunState,
    private readonly changed: () => void,
  ) {}

  /** Registers the updates: before the first await, since a reset delivers earlier ones with the first task. */
  listen(): void {
    const refuse = (verdict: 'approve' | 'reject') => ({
      validator: refusing<Parameters<ApprovalRecords['refuse']>[1]>((input) => {
        this.refuseEnd();
        this.records.refuse(verdict, input);
      }),
    });
    setHandler(approveUpdate, (input) => answered(this.records.take('approve', input)), refuse('approve'));
    setHandler(rejectUpdate, (input) => answered(this.records.take('reject', input)), refuse('reject'));
  }

  /** The pipeline's function has ended: what still waits, nobody hears of any more. */
  end(): void {
    this.ending = true;
  }

  /**
   * Waits until enough people have approved.
   *
   * @throws ApplicationFailure APPROVAL_REJECTED, APPROVAL_EXPIRED
   */
  async ask(call: ApprovalCall, asking: Asking): Promise<Approval> {
    const step: StepId = `approve:${call.name}`;
    this.run = asking.run;
    this.state.begin(step, 'approve', call.name);
    this.state.stop(step, 'waiting');
    this.records.add(asked(step, call));
    this.show();
    try {
      const approval = await this.outcome(step, call, asking);
      this.conclude(step, approval);
      return { approvedBy: approversOf(approval), expired: approval.status === 'expired' };
    } catch (error) {
      const failure = asStepFailure(step, error, 1);
      if (isCancellation(error)) this.records.drop(step);
      this.state.end(step, isCancellation(error) ? 'cancelled' : 'failed', { error: failure.message });
      this.show();
      throw failure;
    }
  }

  private async outcome(
    step: StepId,
    { expiresMs }: ApprovalCall,
    { run, admitted, isAsBefore }: Asking,
  ): Promise<ApprovalState> {
    const { retryOf, changes } = admitted;
    const isSame = isAsBefore && changes?.code === 'same' && changes.params.length === 0;
    const earlier = isSame && retryOf ? { earlier: retryOf } : {};
    const { taken } = await openApproval({ run, approval: this.records.get(step), ...earlier });
    // Who is quick may have answered before this was told.
    const isWaiting = (): boolean => this.records.get(step).status === 'waiting';
    if (taken && isWaiting()) {
      const { answers, ...takenFrom } = taken;
      return this.records.change(step, { status: 'approved', answers, takenFrom, endedAt: new Date().toISOString() });
    }
    // Wherever the approval began to wait before the run was reset, the catalog knows it of that run only.
    this.tell(this.records.get(step));
    await this.answered(step, expiresMs, isWaiting);
    return this.records.get(step);
  }

  private async answered(step: StepId, expiresMs: number | undefined, isWaiting: () => boolean): Promise<void> {
    if (expiresMs === undefined) return condition(() => !isWaiting());
    const left = Date.parse(this.records.get(step).since) + expiresMs - Date.now();
    if (await condition(() => !isWaiting(), Math.max(1, left))) return;
    if (isWaiting()) this.records.change(step, { status: 'expired', endedAt: new Date().toISOString() });
  }

  private conclude(step: StepId, approval: ApprovalState): void {
    const { status, onExpiry, takenFrom, answers } = approval;
    if (status === 'rejected') throw new TerminalError('APPROVAL_REJECTED', `${refusalOf(approval)}.`, { step });
    if (status === 'expired' && onExpiry === 'reject')
      throw new TerminalError('APPROVAL_EXPIRED', `${refusalOf(approval)}.`, { step });
    const result = { approved: { answers, expired: status === 'expired' } };
    this.state.end(step, takenFrom ? 'reused' : 'done', { result });
    this.show();
  }

  private refuseEnd(): void {
    if (!this.ending && !this.scope.consideredCancelled) return;
    throw new TerminalError('APPROVAL_CLOSED', 'The run is about to end: no answer counts any more.');
  }

  private tell(approval: ApprovalState): void {
    if (this.run) sink.changed(this.run, approval);
    this.show();
  }

  private show(): void {
    this.state.approvals = this.records.waiting;
    this.changed();
  }
}

function asked(step: StepId, { expiresMs, ...call }: ApprovalCall): ApprovalState {
  const { title, details, roles, needed, fourEyes, onExpiry } = call;
  const now = Date.now();
  return {
    title,
    details,
    roles,
    needed,
    fourEyes,
    onExpiry,
    step,
    change: 1,
    since: new Date(now).toISOString(),
    expiresAt: expiresMs === undefined ? null : new Date(now + expiresMs).toISOString(),
    status: 'waiting',
    answers: [],
    endedAt: null,
  };
}

function answered(approval: ApprovalState): Answered {
  const { step, title, status, needed } = approval;
  return { step, title, status, needed, approved: approversOf(approval).length };
}
