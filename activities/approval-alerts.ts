import type { Alert } from '../src/core/alerts.js';
import { refusalOf, type ApprovalState } from '../src/core/approvals.js';
import type { RunContext } from '../src/core/steps.js';

/** What of the details an alert shows. */
const MOST_DETAILS = 2_000;

/** Tells people that a run waits for them, and how to answer. */
export function waitingAlert(run: RunContext, approval: ApprovalState): Alert {
  const { step, title, needed, roles, since, expiresAt, onExpiry, details, fourEyes } = approval;
  const { workflowId, runId, pipeline, partition } = run;
  const people = needed === 1 ? 'one person' : `${needed} people`;
  const of = roles.length === 0 ? '' : ` of ${roles.join(', ')}`;
  const then = onExpiry === 'reject' ? 'then it fails' : 'then it counts as approved';
  const text = [
    `The run ${workflowId} of ${pipeline} waits until ${people}${of} have approved: ${title}`,
    ...(details === null ? [] : ['', detailsText(details), '']),
    ...(fourEyes ? ['Whoever started the run may not approve.'] : []),
    ...(expiresAt === null ? [] : [`It waits until ${expiresAt}; ${then}.`]),
    `To approve: millrace approve ${workflowId} ${step}`,
    `To reject: millrace reject ${workflowId} ${step} --reason "…"`,
  ].join('\n');
  return {
    ...base(run, approval, 'waiting'),
    severity: 'warning',
    title: `${pipeline}${partition === undefined ? '' : ` (${partition})`} waits for approval: ${title}`,
    text,
    at: since,
    details: { step, needed, roles, expiresAt, runId },
  };
}

/** Tells people that an approval's time was over. */
export function expiredAlert(run: RunContext, approval: ApprovalState): Alert {
  const { step, title, endedAt, onExpiry, since } = approval;
  const { pipeline, partition, workflowId, runId } = run;
  const goesOn = onExpiry === 'approve';
  const outcome = goesOn ? 'It counts as approved, and the run goes on.' : `To ask again: millrace retry ${workflowId}`;
  return {
    ...base(run, approval, 'expired'),
    severity: goesOn ? 'warning' : 'critical',
    title: `${pipeline}${partition === undefined ? '' : ` (${partition})`}: nobody approved in time: ${title}`,
    text: `Run ${workflowId}: ${refusalOf(approval)}.\n${outcome}`,
    at: endedAt ?? since,
    details: { step, onExpiry, runId },
  };
}

function base({ pipeline, partition, workflowId, runId }: RunContext, { step }: ApprovalState, what: string) {
  return {
    key: `approval ${what} ${workflowId}@${runId} ${step}`,
    kind: 'approval' as const,
    pipeline,
    ...(partition !== undefined && { partition }),
    workflowId,
    runId,
  };
}

function detailsText(details: unknown): string {
  const text = typeof details === 'string' ? details : JSON.stringify(details, null, 2);
  return text.length <= MOST_DETAILS ? text : `${text.slice(0, MOST_DETAILS)}…`;
}
