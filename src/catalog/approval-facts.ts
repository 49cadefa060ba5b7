import type { ApprovalState } from '../core/approvals.js';
import type { RunKey, RunScope } from './facts.js';

/** How an approval of a run stands. */
export interface ApprovalRecorded extends RunKey {
  readonly run: RunScope;
  readonly approval: ApprovalState;
}
