import type { ResultOf } from '../api/index.js';
import type { BackfillPartitionRow, BackfillRow } from '../catalog/index.js';
import { checkBackfill } from '../config/backfill-request.js';
import { countPartitions } from '../core/backfill.js';
import { isOpen } from '../core/backfill-selection.js';
import { MillraceError, TerminalError, TransientError } from '../core/errors.js';
import { restartBackfill } from '../temporal/start-backfill.js';
import { cancelBackfill, steerBackfill } from '../temporal/steer-backfill.js';
import { summarizeBackfill, type BackfillSummary } from './backfill-view.js';
import type { OperationContext } from './context.js';

type Steered = ResultOf<'pauseBackfill'>;

/** @throws TerminalError BACKFILL_CLOSED; TransientError BACKFILL_NO_WORKER, BACKFILL_NOT_ANSWERING */
export async function pause(context: OperationContext, row: BackfillRow): Promise<Steered> {
  requireOpen(row, await openState(context, row));
  return ask(context, row, 'pause');
}

/** @throws TerminalError BACKFILL_CLOSED; TransientError BACKFILL_NO_WORKER, BACKFILL_NOT_ANSWERING */
export async function resume(context: OperationContext, row: BackfillRow): Promise<Steered> {
  requireOpen(row, await openState(context, row));
  return ask(context, row, 'resume');
}

/** Asks an open backfill to end; a closed one stays as it is. */
export async function cancel(
  context: OperationContext,
  row: BackfillRow,
  leaveRuns: boolean,
): Promise<ResultOf<'cancelBackfill'>> {
  const status = await openState(context, row);
  const requested = isOpen(status);
  if (requested) await cancelBackfill(context.temporal, row.backfill, leaveRuns);
  context.states.forget({ workflowId: row.backfill });
  return { id: row.backfill, requested, status };
}

/**
 * Does failed partitions of an open backfill again, and whatever has not completed of a closed one.
 *
 * @throws TerminalError BACKFILL_INVALID where nothing of that is there; TransientError BACKFILL_NO_WORKER, BACKFILL_NOT_ANSWERING
 */
export async function retry(
  context: OperationContext,
  row: BackfillRow,
  partitions: readonly string[] | undefined,
): Promise<ResultOf<'retryBackfill'>> {
  if (isOpen(await openState(context, row))) {
    const steered = await ask(context, row, 'retryFailed', partitions).catch((error: unknown) =>
      unlessClosed(context, row, error),
    );
    if (steered) return { ...steered, worker: true };
  }
  const { project, catalog, temporal, states, caller } = context;
  const again = { by: caller.name, ...(partitions && { partitions }) };
  const { request } = checkBackfill(project.pipelines, { ...row.request, by: caller.name });
  const rows = await catalog.listBackfillPartitions(row.backfill);
  requireRetryable(row, rows, partitions);
  const { taskQueue } = project;
  await restartBackfill(temporal, { workflowId: row.backfill, taskQueue, request, again });
  const { startedAt, change } = row;
  // It writes this itself, once a worker takes it up.
  await catalog.recordBackfill({
    backfill: row.backfill,
    head: { request, status: 'running', startedAt, finishedAt: null, error: null, change: change + 1 },
    partitions: [],
  });
  states.forget({ workflowId: row.backfill });
  const wanted = rows.map((each) => (isRetried(each, partitions) ? { status: 'waiting' as const } : each));
  const worker = await states.hasWorker(taskQueue);
  return { id: row.backfill, status: 'running', counts: countPartitions(wanted), worker };
}

/** Nothing, where a backfill has ended since it was looked at. */
async function unlessClosed(context: OperationContext, row: BackfillRow, error: unknown): Promise<undefined> {
  const said = error instanceof MillraceError && error.code === 'BACKFILL_CLOSED';
  if (!said || isOpen(await openState(context, row))) throw error;
}

function isRetried({ status, partition }: BackfillPartitionRow, wanted: readonly string[] | undefined): boolean {
  return status !== 'completed' && status !== 'left out' && (!wanted || wanted.includes(partition));
}

function requireRetryable(
  { backfill }: BackfillRow,
  rows: readonly BackfillPartitionRow[],
  partitions: readonly string[] | undefined,
): void {
  const known = new Map(rows.map((each) => [each.partition, each]));
  for (const partition of partitions ?? []) {
    const row = known.get(partition);
    if (row && isRetried(row, undefined)) continue;
    const why = row && row.status !== 'left out' ? `is ${row.status}` : 'is not the backfill’s to do';
    throw new TerminalError('BACKFILL_INVALID', `Partition ${partition} ${why}. Only what has not completed can be retried.`);
  }
  if (rows.some((each) => isRetried(each, partitions))) return;
  const message = `Every partition of the backfill ${backfill} has completed, so there is nothing to retry.`;
  throw new TerminalError('BACKFILL_INVALID', message);
}

/** The state of a backfill as Temporal has it now. */
async function openState(context: OperationContext, row: BackfillRow): Promise<BackfillSummary['status']> {
  context.states.forget({ workflowId: row.backfill });
  const found = await context.states.describe({ workflowId: row.backfill });
  // One that is taken up again is open, whatever its last end was.
  if (found && isOpen(found.state)) return row.status === 'paused' ? 'paused' : 'running';
  return (await summarizeBackfill(context, row)).status;
}

function requireOpen({ backfill }: BackfillRow, status: BackfillSummary['status']): void {
  if (isOpen(status)) return;
  throw new TerminalError(
    'BACKFILL_CLOSED',
    `The backfill ${backfill} has ended: it is ${status}. \`millrace backfills retry ${backfill}\` takes up what has not completed.`,
  );
}

async function ask(
  { temporal, states, project, caller }: OperationContext,
  { backfill }: BackfillRow,
  update: 'pause' | 'resume' | 'retryFailed',
  partitions?: readonly string[],
): Promise<Steered> {
  if (!(await states.hasWorker(project.taskQueue))) {
    throw new TransientError(
      'BACKFILL_NO_WORKER',
      `No worker polls task queue "${project.taskQueue}", so the backfill ${backfill} cannot answer. Start one with \`millrace worker\`, then ask again.`,
    );
  }
  const steered = await steerBackfill(temporal, backfill, update, { by: caller.name, ...(partitions && { partitions }) });
  const { status, counts } = steered;
  return { id: backfill, status: status === 'paused' ? 'paused' : 'running', counts: { ...counts } };
}
