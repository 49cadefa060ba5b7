import type { BackfillPartitionRow, BackfillRow } from '../catalog/index.js';
import type { ResultOf } from '../api/index.js';
import { partitionRunId } from '../core/backfill.js';
import { isOpen } from '../core/backfill-selection.js';
import { readRunEnding } from '../temporal/run-end.js';
import type { RunDescription } from '../temporal/describe-run.js';
import type { OperationContext } from './context.js';
import { errorReport } from './error-report.js';

export type BackfillSummary = ResultOf<'listBackfills'>['items'][number];
type PartitionView = ResultOf<'getBackfill'>['partitions'][number];

/** A backfill of the catalog, in the state that Temporal has it in. One that has ended in the catalog has ended. */
export async function summarizeBackfill({ states, temporal }: OperationContext, row: BackfillRow): Promise<BackfillSummary> {
  if (!isOpen(row.status) || states.offline === true) return summaryOf(row, row.status, row.finishedAt);
  const found = await states.describe({ workflowId: row.backfill });
  if (!found) return summaryOf(row, 'forgotten', null);
  if (isOpen(found.state)) return summaryOf(row, row.status, null);
  const { error } = await readRunEnding(temporal, found);
  return summaryOf({ ...row, error: error ?? row.error }, stateOf(found), found.closedAt);
}

// Only a run that Temporal itself continues is none of these.
function stateOf({ state }: RunDescription): BackfillSummary['status'] {
  return state === 'continued' ? 'running' : state;
}

function summaryOf(row: BackfillRow, status: BackfillSummary['status'], finishedAt: string | null): BackfillSummary {
  const { request, startedAt, counts, leftOut, error } = row;
  const { pipeline, from, to, only, concurrency, params, stopOnFailure, by } = request;
  const until = finishedAt ?? (isOpen(status) ? new Date().toISOString() : null);
  return {
    id: row.backfill,
    pipeline,
    from,
    to,
    only,
    concurrency,
    params: { ...params },
    stopOnFailure,
    by,
    status,
    startedAt,
    finishedAt,
    durationMs: until === null ? null : Date.parse(until) - Date.parse(startedAt),
    counts: { ...counts },
    leftOut,
    error: error && errorReport(error.code, error.message),
  };
}

/** The partitions of a backfill. Of one that did not see how its runs ended, the catalog knows. */
export async function viewPartitions(
  { catalog }: OperationContext,
  { id, pipeline, status }: BackfillSummary,
): Promise<PartitionView[]> {
  const views: PartitionView[] = [];
  for (const row of await catalog.listBackfillPartitions(id)) {
    const view = viewOf(pipeline, row);
    const unseen = view.status === 'running' && !isOpen(status) && view.runId !== null;
    const run = unseen ? await catalog.findRun(view.workflowId, view.runId ?? undefined) : undefined;
    views.push(run && !isOpen(run.status) ? { ...view, ...endOf(run) } : view);
  }
  return views;
}

function endOf({ status, error }: { readonly status: string; readonly error: BackfillPartitionRow['error'] }) {
  const seen: PartitionView['status'] = status === 'completed' || status === 'cancelled' ? status : 'failed';
  return { status: seen, error: error && errorReport(error.code, error.message) };
}

function viewOf(pipeline: string, row: BackfillPartitionRow): PartitionView {
  const { partition, status, runId, attempts, changedAt, error, note } = row;
  const workflowId = partitionRunId(pipeline, partition);
  const why = error && errorReport(error.code, error.message);
  return { partition, status, workflowId, runId, attempts, changedAt, error: why, note };
}
