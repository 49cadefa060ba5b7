import { z } from 'zod';
import { requireRole } from '../access/caller.js';
import { holds } from '../access/holds-role.js';
import type { ParsedInputOf, ResultOf } from '../api/index.js';
import type { ApprovalRow } from '../catalog/index.js';
import { TerminalError } from '../core/errors.js';
import { answerApproval } from '../temporal/answer-approval.js';
import { formatRunAddress, parseRunAddress } from '../temporal/run-id.js';
import { sees, type Handlers, type OperationContext } from './context.js';
import { readCursor, writeCursor } from './cursor.js';
import { pipelinesInScope } from './datasets.js';
import { findRun } from './find-run.js';

const place = z.object({ since: z.string(), runId: z.string(), step: z.string() });

export const approvalHandlers: Handlers<'listApprovals' | 'getApproval' | 'grantApproval' | 'rejectApproval'> = {
  listApprovals: list,
  getApproval: async (context, input) => view(await find(context, input)),
  grantApproval: (context, input) => answer(context, 'approve', input),
  rejectApproval: (context, input) => answer(context, 'reject', input),
};

async function list(context: OperationContext, input: ParsedInputOf<'listApprovals'>): Promise<ResultOf<'listApprovals'>> {
  const { pipeline, run, status, cursor, limit } = input;
  const mine = pipeline === undefined ? pipelinesInScope(context) : sees(context, pipeline) ? [pipeline] : [];
  const after = cursor === undefined ? undefined : readCursor(cursor, place);
  const rows = await context.catalog.listApprovals({
    ...(mine && { pipelines: mine }),
    ...(run !== undefined && { run: parseRunAddress(run) }),
    ...(status !== 'all' && { status }),
    ...(after && { after }),
    limit: limit + 1,
  });
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  const next = rows.length > limit && last ? writeCursor({ since: last.since, runId: last.runId, step: last.step }) : null;
  return { items: page.map(view), next };
}

interface Asked {
  readonly run: string;
  readonly step: string;
}

/**
 * An approval of a run that the caller has to do with.
 * @throws TerminalError RUN_UNKNOWN, FORBIDDEN, APPROVAL_UNKNOWN
 */
async function find(context: OperationContext, { run, step }: Asked): Promise<ApprovalRow> {
  const { workflowId, runId } = await findRun(context, parseRunAddress(run));
  const all = await context.catalog.listApprovalsOf({ workflowId, runId });
  const found = all.find((each) => each.step === step || each.step === `approve:${step}`);
  if (found) return found;
  const known = all.map((each) => each.step).join(', ') || 'none so far';
  const address = formatRunAddress({ workflowId, runId });
  throw new TerminalError('APPROVAL_UNKNOWN', `The run ${address} has no approval "${step}". It has: ${known}.`);
}

async function answer(
  context: OperationContext,
  verdict: 'approve' | 'reject',
  input: ParsedInputOf<'grantApproval'>,
): Promise<ResultOf<'grantApproval'>> {
  const { caller, temporal, states, answerMs } = context;
  const approval = await find(context, input);
  const { workflowId, runId, step } = approval;
  const role = roleFor(context, approval, input.role);
  const { reason } = input;
  const requestId = input.idempotencyKey ?? caller.requestId;
  const answered = await answerApproval(
    temporal,
    { workflowId, runId },
    {
      verdict,
      step,
      by: caller.name,
      ...(reason !== undefined && { reason }),
      ...(role !== undefined && { role }),
      ...(requestId !== undefined && { requestId }),
      ...(answerMs !== undefined && { timeoutMs: answerMs }),
    },
  );
  states.forget({ workflowId, runId });
  return { workflowId, runId, ...answered };
}

/**
 * As which of the roles that an approval names the caller answers; none where it names none. Whoever is on this machine may say
 * it themselves: Temporal itself is open to them.
 *
 * @throws TerminalError FORBIDDEN, APPROVAL_FORBIDDEN
 */
function roleFor({ caller }: OperationContext, approval: ApprovalRow, wanted: string | undefined): string | undefined {
  const { roles, title, step } = approval;
  if (roles.length === 0) {
    requireRole(caller, 'operator', `to answer "${title}" (${step})`);
    return undefined;
  }
  const allowed = roles.filter((role) => holds(caller, role) || (caller.kind === 'local' && role === wanted));
  const role = wanted === undefined ? allowed[0] : allowed.find((each) => each === wanted);
  if (role !== undefined) return role;
  const what = wanted === undefined ? 'holds none of these' : `does not answer as "${wanted}"`;
  const hint = caller.kind === 'local' ? ' On this machine, say as which you answer: --as.' : '';
  throw new TerminalError(
    'APPROVAL_FORBIDDEN',
    `"${title}" (${step}) is for ${roles.join(', ')} to answer, and ${caller.name} ${what}.${hint}`,
    { step },
  );
}

function view(row: ApprovalRow): ResultOf<'getApproval'> {
  const { workflowId, runId, step, pipeline, partition, title, details, roles, needed, fourEyes } = row;
  const { status, answers, since, expiresAt, onExpiry, endedAt, takenFrom } = row;
  const question = { workflowId, runId, step, pipeline, partition, title, details, roles, needed, fourEyes };
  return structuredClone({
    ...question,
    status,
    answers,
    since,
    expiresAt,
    onExpiry,
    endedAt,
    takenFrom,
  }) as ResultOf<'getApproval'>;
}
