import type { Catalog, RunFilter, RunRow } from '../../catalog/index.js';
import { duration, plainTable } from '../../dev/text-format.js';
import { connectTemporal, type TemporalClient } from '../../temporal/connect.js';
import { describeRun, type RunState } from '../../temporal/describe-run.js';
import { messageOf, MillraceError } from '../../core/errors.js';
import { EXIT } from '../exit-codes.js';
import type { CommandContext } from '../command-context.js';
import { withCatalog } from '../services.js';
import { shortTime } from '../short-time.js';

interface ListedRun {
  readonly workflowId: string;
  readonly runId: string;
  readonly pipeline: string | null;
  readonly partition: string | null;
  readonly status: RunState | 'forgotten';
  readonly startedAt: string | null;
  readonly finishedAt: string | null;
  readonly durationMs: number | null;
  readonly error: RunRow['error'];
}

/** Lists the runs of the catalog. Of those that it has as running, Temporal is asked. */
export async function runs({ output, directory }: CommandContext, filter: RunFilter): Promise<number> {
  const rows = await withCatalog(directory, (catalog: Catalog) => catalog.listRuns(filter));
  const listed = await withTruth(rows, output.warn);
  for (const run of listed) output.data(run);
  if (listed.length === 0) {
    output.text('No runs. Start one with: millrace run PIPELINE');
    return EXIT.ok;
  }
  const cells = listed.map((run) => [
    run.workflowId,
    run.status,
    shortTime(run.startedAt),
    run.durationMs === null ? '' : duration(run.durationMs),
    run.error?.code ?? '',
  ]);
  output.text(plainTable(['run', 'state', 'started (UTC)', 'time', 'error'], cells, 3));
  return EXIT.ok;
}

async function withTruth(rows: readonly RunRow[], warn: (text: string) => void): Promise<ListedRun[]> {
  if (!rows.some((row) => row.status === 'running')) return rows.map((row) => listedRun(row));
  let temporal: TemporalClient;
  try {
    temporal = await connectTemporal();
  } catch (error) {
    warn(`${messageOf(error)} Running runs are shown as the catalog last knew them.`);
    return rows.map((row) => listedRun(row));
  }
  try {
    return await Promise.all(rows.map((row) => askTemporal(temporal, row)));
  } finally {
    await temporal.close();
  }
}

async function askTemporal(temporal: TemporalClient, row: RunRow): Promise<ListedRun> {
  if (row.status !== 'running') return listedRun(row);
  try {
    const { state, closedAt } = await describeRun(temporal, row);
    return listedRun(row, state, closedAt);
  } catch (error) {
    if (error instanceof MillraceError && error.code === 'RUN_UNKNOWN') return listedRun(row, 'forgotten');
    throw error;
  }
}

function listedRun(row: RunRow, status: ListedRun['status'] = row.status, finishedAt = row.finishedAt): ListedRun {
  const { workflowId, runId, pipeline, partition, startedAt, error } = row;
  const until = finishedAt === null && status === 'running' ? new Date().toISOString() : finishedAt;
  const durationMs = startedAt === null || until === null ? null : Date.parse(until) - Date.parse(startedAt);
  return { workflowId, runId, pipeline, partition, status, startedAt, finishedAt, durationMs, error };
}
