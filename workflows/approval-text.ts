import { approversOf, type ApprovalState } from '../src/core/approvals.js';
import type { WaitingApproval } from './run-state-view.js';

/** Approvals whose details are shown, and how much of them: Temporal takes some 20 kB in all. */
const MOST_EXPLAINED = 20;
const MOST_DETAILED = 3;
const MOST_DETAILS = 2_000;

export function waitingApproval(approval: ApprovalState): WaitingApproval {
  const { step, title, roles, needed, since, expiresAt } = approval;
  return { step, title, roles, needed, since, ...(expiresAt !== null && { expiresAt }), approvedBy: approversOf(approval) };
}

/** What the run waits for, as Markdown. */
export function explainApprovals(approvals: readonly ApprovalState[]): string[] {
  if (approvals.length === 0) return [];
  const told = approvals.slice(0, MOST_EXPLAINED).flatMap((approval, at) => {
    const { step, title, needed, since, expiresAt, roles } = approval;
    const approvers = approversOf(approval);
    const by = approvers.length === 0 ? '' : ` (${approvers.map((each) => each.by).join(', ')})`;
    const of = roles.length === 0 ? '' : `, of ${roles.join(', ')}`;
    const until = expiresAt === null ? '' : `, until ${expiresAt}`;
    const line = `- **${step}** ${oneLine(title)}: ${approvers.length} of ${needed}${by}${of}, since ${since}${until}`;
    return at < MOST_DETAILED && approval.details !== null ? [line, '', detailsText(approval.details), ''] : [line];
  });
  const more = approvals.length > MOST_EXPLAINED ? [`- and ${approvals.length - MOST_EXPLAINED} more`] : [];
  return ['Waits for approval (millrace approve RUN STEP):', ...told, ...more, ''];
}

function detailsText(details: unknown): string {
  const text = typeof details === 'string' ? details : `\`\`\`json\n${JSON.stringify(details, null, 2)}\n\`\`\``;
  return text.length <= MOST_DETAILS ? text : `${text.slice(0, MOST_DETAILS)}…`;
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ');
}
