import type { RunRow } from '../catalog/index.js';
import type { ResultOf } from '../api/index.js';
import type { RunState } from '../temporal/describe-run.js';
import { errorReport } from './error-report.js';
import type { OperationServices } from './context.js';

export type RunSummary = ResultOf<'listRuns'>['items'][number];

/** A run of the catalog, in the state that Temporal has it in. One that has ended in the catalog has ended. */
export async function summarize({ states }: Pick<OperationServices, 'states'>, row: RunRow): Promise<RunSummary> {
  if (row.status !== 'running' || states.offline) return summaryOf(row);
  const description = await states.describe(row);
  if (!description) return summaryOf(row, 'forgotten');
  return summaryOf(row, description.state, description.closedAt);
}

function summaryOf(
  row: RunRow,
  status: RunState | 'forgotten' = row.status,
  finishedAt: string | null = row.finishedAt,
): RunSummary {
  const { workflowId, runId, pipeline, partition, owner, startedAt } = row;
  const until = finishedAt ?? (status === 'running' || status === 'paused' ? new Date().toISOString() : null);
  const durationMs = startedAt === null || until === null ? null : Date.parse(until) - Date.parse(startedAt);
  const error = row.error && errorReport(row.error.code, row.error.message);
  return { workflowId, runId, pipeline, partition, status, owner, startedAt, finishedAt, durationMs, error };
}
