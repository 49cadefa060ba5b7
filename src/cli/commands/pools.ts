import type { ResultOf } from '../../api/index.js';
import { plainTable } from '../../dev/text-format.js';
import { columns } from '../columns.js';
import type { CommandContext } from '../command-context.js';
import { EXIT } from '../exit-codes.js';
import { withOperations } from '../services.js';
import { shortTime } from '../short-time.js';

type Pool = ResultOf<'getPool'>;

/** Lists the pools. */
export async function listPools(context: CommandContext): Promise<number> {
  const { output } = context;
  const { items } = await withOperations(context, (operations) => operations.listPools({}), { withoutTemporal: true });
  for (const item of items) output.data(item);
  const cells = items.map(({ name, slots, used, waiting, asOf, description }) => [
    name,
    `${used} of ${slots}`,
    String(waiting),
    asOf === null ? 'never used' : shortTime(asOf),
    description ?? '',
  ]);
  output.text(
    cells.length === 0
      ? 'No pools. Add some to the config: pools: { warehouse: 4 }'
      : plainTable(['pool', 'taken', 'waiting', 'as of (UTC)', ''], cells, 1),
  );
  return EXIT.ok;
}

/** Shows one pool. */
export async function showPool(context: CommandContext, name: string): Promise<number> {
  const { output } = context;
  const pool = await withOperations(context, (operations) => operations.getPool({ pool: name }), { withoutTemporal: true });
  output.data(pool);
  output.text(poolText(pool));
  if (pool.from === 'catalog' && pool.asOf !== null) {
    output.warn(`The pool does not answer: this is how it was at ${shortTime(pool.asOf)} UTC. Is there a worker?`);
  }
  return EXIT.ok;
}

interface FreeOptions {
  readonly reason: string;
  readonly force?: true;
}

/** Frees a slot. */
export async function freeSlot(context: CommandContext, pool: string, slot: string, options: FreeOptions): Promise<number> {
  const { output } = context;
  const { reason, force = false } = options;
  const freed = await withOperations(context, (operations) => operations.freeSlot({ pool, slot, reason, force }));
  output.data(freed);
  output.text(`Pool ${pool} was asked to free the slot of ${freed.workflowId}, step ${freed.step}.`);
  if (freed.forced) {
    output.warn('The run is open: its step may be at work still. Its next attempt asks for a slot again.');
  }
  return EXIT.ok;
}

function poolText({ name, description, slots, configured, used, waiting, held, queued }: Pool): string {
  const changes = configured === slots ? '' : `, ${configured ?? 'none'} in the config`;
  const parts = [
    `${name}  ${used} of ${slots} slots taken${changes}, ${waiting} waiting`,
    ...(description === null ? [] : [columns([['  for', description]], 2)]),
  ];
  if (held.length > 0) {
    const cells = held.map(({ workflowId, step, weight, since, token, freeAt }) => [
      workflowId,
      step,
      String(weight),
      shortTime(since),
      freeAt === null ? '' : `free by ${shortTime(freeAt)}`,
      token,
    ]);
    parts.push(plainTable(['held by', 'step', 'slots', 'since (UTC)', '', 'slot'], cells, 2));
  }
  if (queued.length > 0) {
    const cells = queued.map(({ position, workflowId, step, weight, priority, askedAt }) => [
      String(position),
      workflowId,
      step,
      String(weight),
      String(priority),
      shortTime(askedAt),
    ]);
    parts.push(plainTable(['', 'waiting', 'step', 'slots', 'priority', 'since (UTC)'], cells, 3));
  }
  return parts.join('\n\n');
}
