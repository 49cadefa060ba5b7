import { plainTable } from '../../dev/text-format.js';
import { backfillText, countsText, NO_WORKER } from '../backfill-text.js';
import type { CommandContext } from '../command-context.js';
import { EXIT } from '../exit-codes.js';
import { withOperations } from '../services.js';
import { shortTime } from '../short-time.js';
import { watchBackfill } from '../watch-backfill.js';

export interface BackfillsOptions {
  readonly pipeline?: string;
  readonly limit: number;
}

/** The most backfills of one answer. */
const PAGE = 200;

/** Lists backfills, the latest first. */
export async function listBackfills(context: CommandContext, { pipeline, limit }: BackfillsOptions): Promise<number> {
  const { output } = context;
  const wanted = { pipeline, limit: Math.min(limit, PAGE) };
  const { items } = await withOperations(context, (operations) => operations.listBackfills(wanted), { withoutTemporal: true });
  for (const item of items) output.data(item);
  const cells = items.map((item) => [
    item.id,
    item.status,
    `${item.from} to ${item.to}`,
    shortTime(item.startedAt),
    countsText(item),
  ]);
  output.text(
    cells.length === 0
      ? 'No backfills. Start one with: millrace backfill PIPELINE --from … --to …'
      : plainTable(['backfill', 'state', 'range', 'started (UTC)', 'partitions'], cells, 5),
  );
  return EXIT.ok;
}

/** Shows one backfill. */
export async function showBackfill(context: CommandContext, id: string): Promise<number> {
  const { output } = context;
  const backfill = await withOperations(context, (operations) => operations.getBackfill({ backfill: id }), {
    withoutTemporal: true,
  });
  output.data(backfill);
  output.text(backfillText(backfill));
  if (backfill.worker === false) output.warn(NO_WORKER);
  return EXIT.ok;
}

/** Pauses a backfill, or lets it go on. */
export async function steer(context: CommandContext, action: 'pauseBackfill' | 'resumeBackfill', id: string): Promise<number> {
  const { output } = context;
  const steered = await withOperations(context, (operations) => operations[action]({ backfill: id }));
  output.data(steered);
  output.text(`Backfill ${id} is ${steered.status}: ${countsText({ ...steered, leftOut: 0 })}.`);
  return EXIT.ok;
}

/** Asks a backfill to end; one that has ended stays as it is. */
export async function cancelBackfill(context: CommandContext, id: string, leaveRuns: boolean): Promise<number> {
  const { output } = context;
  const answer = await withOperations(context, (operations) => operations.cancelBackfill({ backfill: id, leaveRuns }));
  output.data(answer);
  const left = leaveRuns ? '; its runs at work go on' : ' and its runs to stop';
  output.text(
    answer.requested
      ? `Backfill ${id} was asked to end${left}. Look at it with: millrace backfills show ${id}`
      : `Backfill ${id} had ended before: it is ${answer.status}.`,
  );
  return EXIT.ok;
}

/** Does partitions again that have not completed. */
export function retryBackfill(
  context: CommandContext,
  id: string,
  partitions: readonly string[],
  wait: boolean,
): Promise<number> {
  return withOperations(context, async (operations) => {
    const { output } = context;
    const only = partitions.length > 0 ? { partitions: [...partitions] } : {};
    const steered = await operations.retryBackfill({ backfill: id, ...only });
    output.data({ event: 'started', ...steered });
    output.text(`Backfill ${id} goes on: ${countsText({ ...steered, leftOut: 0 })}.`);
    if (wait) return watchBackfill(output, operations, id);
    if (!steered.worker) output.warn(NO_WORKER);
    return EXIT.ok;
  });
}
