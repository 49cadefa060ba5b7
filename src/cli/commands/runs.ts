import type { InputOf, Operations, ResultOf } from '../../api/index.js';
import { duration, plainTable } from '../../dev/text-format.js';
import { EXIT } from '../exit-codes.js';
import type { CommandContext } from '../command-context.js';
import { listPages } from '../list-pages.js';
import { withOperations } from '../services.js';
import { shortTime } from '../short-time.js';

type ListedRun = ResultOf<'listRuns'>['items'][number];

export interface RunsOptions {
  readonly pipeline?: string;
  readonly status?: InputOf<'listRuns'>['status'];
  readonly limit: number;
}

/** Lists runs, the latest first. */
export async function runs(context: CommandContext, options: RunsOptions): Promise<number> {
  const listed = await withOperations(context, (operations) => list(operations, options), { withoutTemporal: true });
  const { output } = context;
  for (const run of listed) output.data(run);
  if (listed.length === 0) {
    const filtered = options.pipeline !== undefined || options.status !== undefined;
    output.text(filtered ? 'No runs, as far as they are asked for.' : 'No runs. Start one with: millrace run PIPELINE');
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

function list({ listRuns }: Operations, { pipeline, status, limit }: RunsOptions): Promise<ListedRun[]> {
  return listPages((page) => listRuns({ pipeline, status, ...page }), limit);
}
