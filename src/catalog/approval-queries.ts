import type { Expression, ExpressionBuilder, Selectable, SqlBool } from 'kysely';
import type { Answer } from '../core/answer.js';
import type { ApprovalState, ApprovalStatus, OnExpiry } from '../core/approvals.js';
import type { StepId } from '../core/steps.js';
import type { ApprovalsTable } from './approval-tables.js';
import type { RunKey } from './facts.js';
import type { CatalogSession, CatalogTables } from './tables.js';

/** `ended`: its run has ended before anybody had answered. */
export type ApprovalRowStatus = ApprovalStatus | 'ended';

export interface ApprovalRow extends RunKey, Omit<ApprovalState, 'status' | 'takenFrom'> {
  readonly pipeline: string;
  readonly partition: string | null;
  readonly status: ApprovalRowStatus;
  readonly takenFrom: RunKey | null;
}

/** Where somebody is in the list. */
export interface ApprovalPlace {
  readonly since: string;
  readonly runId: string;
  readonly step: string;
}

/** Which approvals are listed. */
export interface ApprovalFilter {
  /** Only those of these pipelines. @default of any */
  readonly pipelines?: readonly string[];
  /** Only those of this run, or of any of its workflow id. */
  readonly run?: Partial<RunKey> & Pick<RunKey, 'workflowId'>;
  readonly status?: ApprovalRowStatus;
  /** Only those that come after this one in the list. */
  readonly after?: ApprovalPlace;
  readonly limit: number;
}

type StoredApproval = Selectable<ApprovalsTable> & { readonly run_ended_at: string | null };

/** Approvals in order of time: what has waited longest is first. */
export async function listApprovals(db: CatalogSession, filter: ApprovalFilter): Promise<ApprovalRow[]> {
  const { pipelines, run, status, after } = filter;
  if (pipelines?.length === 0) return [];
  let query = withRuns(db);
  if (pipelines) query = query.where('approvals.pipeline', 'in', pipelines);
  if (run) query = query.where('approvals.workflow_id', '=', run.workflowId);
  if (run?.runId !== undefined) query = query.where('approvals.run_id', '=', run.runId);
  if (status !== undefined) {
    query = query.where('approvals.status', '=', status === 'ended' ? 'waiting' : status);
    // Of a run that nobody has told of there is nothing to join: it goes on, for all one knows.
    if (status === 'ended') query = query.where('runs.finished_at', 'is not', null);
    if (status === 'waiting') query = query.where('runs.finished_at', 'is', null);
  }
  if (after) query = query.where((row) => isBehind(row, after));
  const stored = await query
    .orderBy('approvals.since')
    .orderBy('approvals.run_id')
    .orderBy('approvals.step')
    .limit(filter.limit)
    .execute();
  return stored.map(toRow);
}

export async function listApprovalsOf(db: CatalogSession, { workflowId, runId }: RunKey): Promise<ApprovalRow[]> {
  const stored = await withRuns(db)
    .where('approvals.workflow_id', '=', workflowId)
    .where('approvals.run_id', '=', runId)
    .orderBy('approvals.since')
    .orderBy('approvals.step')
    .execute();
  return stored.map(toRow);
}

export async function findApproval(
  db: CatalogSession,
  { workflowId, runId }: RunKey,
  step: string,
): Promise<ApprovalRow | undefined> {
  const stored = await withRuns(db)
    .where('approvals.workflow_id', '=', workflowId)
    .where('approvals.run_id', '=', runId)
    .where('approvals.step', '=', step)
    .executeTakeFirst();
  return stored && toRow(stored);
}

function withRuns(db: CatalogSession) {
  return db
    .selectFrom('approvals')
    .leftJoin('runs', (join) =>
      join.onRef('runs.workflow_id', '=', 'approvals.workflow_id').onRef('runs.run_id', '=', 'approvals.run_id'),
    )
    .selectAll('approvals')
    .select('runs.finished_at as run_ended_at');
}

function isBehind(
  row: ExpressionBuilder<CatalogTables, 'approvals'>,
  { since, runId, step }: ApprovalPlace,
): Expression<SqlBool> {
  return row.or([
    row('approvals.since', '>', since),
    row.and([row('approvals.since', '=', since), row('approvals.run_id', '>', runId)]),
    row.and([row('approvals.since', '=', since), row('approvals.run_id', '=', runId), row('approvals.step', '>', step)]),
  ]);
}

function toRow(row: StoredApproval): ApprovalRow {
  const isLeft = row.status === 'waiting' && row.run_ended_at !== null;
  return {
    workflowId: row.workflow_id,
    runId: row.run_id,
    pipeline: row.pipeline,
    partition: row.partition,
    step: row.step as StepId,
    change: row.change,
    title: row.title,
    details: row.details === null ? null : (JSON.parse(row.details) as unknown),
    roles: JSON.parse(row.roles) as string[],
    needed: row.needed,
    fourEyes: row.four_eyes === 1,
    onExpiry: row.on_expiry as OnExpiry,
    since: row.since,
    expiresAt: row.expires_at,
    status: isLeft ? 'ended' : (row.status as ApprovalStatus),
    answers: JSON.parse(row.answers) as Answer[],
    endedAt: isLeft ? row.run_ended_at : row.ended_at,
    takenFrom: row.taken_from === null ? null : (JSON.parse(row.taken_from) as RunKey),
  };
}
