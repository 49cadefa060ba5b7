import type { ParsedInputOf, ResultOf } from '../api/index.js';
import type { PartitionRunRow } from '../catalog/index.js';
import { isOpen, selectPartitions, type LatestRun } from '../core/backfill-selection.js';
import { checkBackfillRange } from '../config/backfill-request.js';
import { pipelineFor, type OperationContext } from './context.js';

type Preview = ResultOf<'previewBackfill'>;

/** Runs whose durations tell how long a backfill may take. */
const RUNS_MEASURED = 50;

/**
 * What a backfill would do.
 *
 * @throws TerminalError PIPELINE_UNKNOWN, PARAMETERS_INVALID, BACKFILL_INVALID
 */
export async function previewBackfill(context: OperationContext, input: ParsedInputOf<'previewBackfill'>): Promise<Preview> {
  const { pipeline, from, to, only, concurrency } = input;
  pipelineFor(context, pipeline);
  const partitions = checkBackfillRange(context.project.pipelines, input);
  const known = new Map((await context.catalog.latestRunsOf({ pipeline, from, to })).map((row) => [row.partition, row]));
  const latest = new Map<string, LatestRun>();
  for (const [partition, row] of known) latest.set(partition, { ...row, state: await trueState(context, row) });
  const { todo, leftOut } = selectPartitions(partitions, only, latest);
  const durations = await context.catalog.runDurations(pipeline, RUNS_MEASURED);
  const rows = todo.map((partition) => known.get(partition)?.rows ?? null);
  return {
    pipeline,
    todo: todo.map((partition, index) => ({
      partition,
      latest: latest.get(partition)?.state ?? null,
      rows: rows[index] ?? null,
    })),
    leftOut: [...leftOut],
    rows: expectedRows(rows, [...known.values()]),
    durationMs: durations.length === 0 ? null : Math.round(meanOf(durations) * Math.ceil(todo.length / concurrency)),
    measuredRuns: durations.length,
  };
}

async function trueState({ states }: OperationContext, row: PartitionRunRow): Promise<string> {
  if (!isOpen(row.status) || states.offline === true) return row.status;
  return (await states.describe(row))?.state ?? 'forgotten';
}

function expectedRows(todo: readonly (number | null)[], known: readonly PartitionRunRow[]): number | null {
  const counted = known.flatMap(({ rows }) => rows ?? []);
  if (todo.length === 0) return 0;
  if (counted.length === 0) return null;
  const mean = meanOf(counted);
  return Math.round(todo.reduce<number>((sum, rows) => sum + (rows ?? mean), 0));
}

function meanOf(numbers: readonly number[]): number {
  return numbers.reduce((sum, each) => sum + each, 0) / numbers.length;
}
