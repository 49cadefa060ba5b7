import { Context } from '@temporalio/activity';
import type { BackfillPartitionRow, BackfillRecorded, PartitionRunRow } from '../src/catalog/index.js';
import { checkBackfill } from '../src/config/backfill-request.js';
import type {
  BackfillPartition,
  BackfillPlan,
  BackfillRequest,
  BackfillRetry,
  PartitionChange,
  PlanBackfillInput,
} from '../src/core/backfill.js';
import { isOpen, selectPartitions, type LatestRun } from '../src/core/backfill-selection.js';
import { MillraceError, TerminalError } from '../src/core/errors.js';
import { describeRun } from '../src/temporal/describe-run.js';
import { toFailure } from './failure.js';
import type { Services } from './services.js';
import { ownTemporal } from './temporal-client.js';

/**
 * The first thing of a backfill: checks what it is asked to do, decides which partitions that are, and writes them into the
 * catalog. Of a closed backfill that is taken up again, those that have not completed.
 */
export function makePlanBackfill(services: Services) {
  return async (input: PlanBackfillInput): Promise<BackfillPlan> => {
    try {
      return input.again ? await planAgain(services, input, input.again) : await planAnew(services, input);
    } catch (error) {
      throw toFailure(error);
    }
  };
}

/** Keeps in the catalog how a backfill stands. */
export function makeRecordBackfill({ catalog }: Pick<Services, 'catalog'>) {
  return async (fact: BackfillRecorded): Promise<void> => {
    try {
      await catalog.recordBackfill(fact);
    } catch (error) {
      throw toFailure(error);
    }
  };
}

async function planAnew(services: Services, { backfill, startedAt, input }: PlanBackfillInput): Promise<BackfillPlan> {
  const { request, partitions, parameter } = checkBackfill(services.project.pipelines, input);
  const fairness = services.project.pipelines[request.pipeline]?.fairness;
  const latest = await latestRuns(services, request);
  const { todo, leftOut } = selectPartitions(partitions, request.only, latest);
  const changes = 1;
  const change = { attempts: 0, change: changes, at: startedAt };
  await services.catalog.recordBackfill({
    backfill,
    head: { request, status: 'running', startedAt, finishedAt: null, error: null, change: changes },
    partitions: [
      ...todo.map((partition): PartitionChange => ({ partition, status: 'waiting', ...change })),
      ...leftOut.map(({ partition, reason }): PartitionChange => ({
        partition,
        status: 'left out',
        note: reason,
        ...change,
      })),
    ],
  });
  return {
    request,
    parameter,
    ...(fairness && { fairness }),
    startedAt,
    partitions: todo.map((partition) => ({ partition, status: 'waiting', attempts: 0 })),
    leftOut: leftOut.length,
    changes,
  };
}

async function planAgain(
  services: Services,
  { backfill, startedAt }: PlanBackfillInput,
  again: BackfillRetry,
): Promise<BackfillPlan> {
  const { catalog } = services;
  const known = await catalog.findBackfill(backfill);
  if (!known) {
    throw new TerminalError(
      'BACKFILL_UNKNOWN',
      `The catalog ${catalog.name} knows no backfill ${backfill}, so it cannot be taken up again. Start one with \`millrace backfill\`.`,
    );
  }
  const request: BackfillRequest = { ...known.request, by: again.by };
  const { parameter } = checkBackfill(services.project.pipelines, request);
  const fairness = services.project.pipelines[request.pipeline]?.fairness;
  const rows = (await catalog.listBackfillPartitions(backfill)).filter(({ status }) => status !== 'left out');
  const latest = await latestRuns(services, request);
  const wanted = again.partitions && new Set(again.partitions);
  const partitions = rows.map((row) => {
    const run = latest.get(row.partition);
    // One from before the backfill is what it was to do anew.
    const since = run?.startedAt && run.startedAt >= known.startedAt ? run : undefined;
    return takeUp(row, since, wanted);
  });
  const changes = known.change + 1;
  await catalog.recordBackfill({
    backfill,
    head: { request, status: 'running', startedAt: known.startedAt, finishedAt: null, error: null, change: changes },
    partitions: partitions
      .filter(({ status }, index) => status !== rows[index]?.status)
      .map((each) => ({ ...each, change: changes, at: startedAt })),
  });
  return {
    request,
    parameter,
    ...(fairness && { fairness }),
    startedAt: known.startedAt,
    partitions,
    leftOut: known.leftOut,
    changes,
  };
}

/** A partition as a backfill that is taken up again begins with it; why it failed, the catalog has. */
function takeUp(row: BackfillPartitionRow, since: LatestRun | undefined, wanted?: ReadonlySet<string>): BackfillPartition {
  const { partition, attempts, error } = row;
  const runId = row.runId ?? undefined;
  if (row.status === 'completed') return { partition, status: 'completed', attempts, ...(runId && { runId }) };
  // Somebody ran it since, or the backfill was terminated before it saw the end.
  if (since?.state === 'completed') return { partition, status: 'completed', attempts, runId: since.runId };
  if (!wanted || wanted.has(partition)) return { partition, status: 'waiting', attempts };
  const status = row.status === 'failed' ? 'failed' : 'cancelled';
  return { partition, status, attempts, ...(runId && { runId }), ...(error && { code: error.code }) };
}

/** The latest run of each partition that has any, in its true state. */
async function latestRuns({ catalog }: Services, request: BackfillRequest): Promise<Map<string, LatestRun>> {
  const latest = new Map<string, LatestRun>();
  for (const row of await catalog.latestRunsOf(request)) {
    latest.set(row.partition, { ...row, state: await trueState(row) });
  }
  return latest;
}

async function trueState({ status, workflowId, runId }: PartitionRunRow): Promise<string> {
  if (!isOpen(status)) return status;
  try {
    return (await describeRun(ownTemporal(Context.current()), { workflowId, runId })).state;
  } catch (error) {
    if (error instanceof MillraceError && error.code === 'RUN_UNKNOWN') return 'forgotten';
    throw error;
  }
}
