import type { InputOf, ResultOf } from '../../api/index.js';
import { plainTable } from '../../dev/text-format.js';
import type { CommandContext } from '../command-context.js';
import { EXIT } from '../exit-codes.js';
import { listPages } from '../list-pages.js';
import { withOperations } from '../services.js';
import { shortTime } from '../short-time.js';

export interface ApprovalsOptions {
  readonly pipeline?: string;
  readonly run?: string;
  readonly status: NonNullable<InputOf<'listApprovals'>['status']>;
  readonly limit: number;
}

type Approval = ResultOf<'getApproval'>;

/** Lists what runs wait to be approved. */
export async function approvals(context: CommandContext, { pipeline, run, status, limit }: ApprovalsOptions): Promise<number> {
  const { output } = context;
  const filter = { pipeline, run, status };
  const items = await withOperations(
    context,
    ({ listApprovals }) => listPages((page) => listApprovals({ ...filter, ...page }), limit),
    { withCatalogOnly: true },
  );
  for (const item of items) output.data(item);
  if (items.length === 0) {
    output.text(filter.status === 'waiting' ? 'Nothing waits for approval.' : 'No approvals.');
    return EXIT.ok;
  }
  const head = ['run', 'step', 'title', 'state', 'approved', 'of', 'since (UTC)', 'until'];
  output.text(plainTable(head, items.map(cells), 8));
  const [first] = items.filter((item) => item.status === 'waiting');
  if (first) output.text(`\nTo answer: millrace approve ${first.workflowId} ${first.step}, or millrace reject … --reason "…"`);
  return EXIT.ok;
}

function cells({ workflowId, step, title, status, answers, needed, roles, since, expiresAt }: Approval): string[] {
  const approved = answers.filter(({ verdict }) => verdict === 'approve').length;
  const until = expiresAt === null ? '' : shortTime(expiresAt);
  return [workflowId, step, title, status, `${approved} of ${needed}`, roles.join(', '), shortTime(since), until];
}

interface AnswerOptions {
  readonly as?: string;
}

/** Approves what a run does next. @throws TerminalError APPROVAL_UNKNOWN, APPROVAL_CLOSED, APPROVAL_REPEATED, APPROVAL_FORBIDDEN */
export async function approve(
  context: CommandContext,
  run: string,
  step: string,
  { reason, as: role }: AnswerOptions & { readonly reason?: string },
): Promise<number> {
  const answered = await withOperations(context, ({ grantApproval }) => grantApproval({ run, step, reason, role }));
  const { title, approved, needed, workflowId } = answered;
  context.output.data(answered);
  context.output.text(
    answered.status === 'approved'
      ? `Approved: "${title}". Run ${workflowId} goes on.`
      : `Approved: "${title}", by ${approved} of ${needed}. Run ${workflowId} waits for ${needed - approved} more.`,
  );
  return EXIT.ok;
}

/** Rejects what a run does next. @throws TerminalError APPROVAL_UNKNOWN, APPROVAL_CLOSED, APPROVAL_FORBIDDEN */
export async function reject(
  context: CommandContext,
  run: string,
  step: string,
  { reason, as: role }: AnswerOptions & { readonly reason: string },
): Promise<number> {
  const answered = await withOperations(context, ({ rejectApproval }) => rejectApproval({ run, step, reason, role }));
  context.output.data(answered);
  context.output.text(`Rejected: "${answered.title}". Step ${answered.step} of run ${answered.workflowId} fails.`);
  return EXIT.ok;
}
