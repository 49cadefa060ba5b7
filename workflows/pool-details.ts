import { slotsUsed, type PoolState, type QueuedSlot } from '../src/core/pools.js';

/** Temporal takes some 20 kB of details, and people no more than a screen. */
const MOST_SHOWN = 30;

/** A pool as Temporal's UI shows it, in Markdown. */
export function poolDetails(pool: string, { slots, held, queued }: Pick<PoolState, 'slots' | 'held' | 'queued'>): string {
  return [
    `**${pool}** · ${slotsUsed(held)} of ${slots} slots taken, ${queued.length} waiting`,
    '',
    ...table(
      'held by',
      held.map((slot) => [slot, slot.since]),
    ),
    ...table(
      'waiting',
      queued.map((slot) => [slot, slot.askedAt]),
    ),
  ].join('\n');
}

function table(title: string, slots: readonly (readonly [QueuedSlot, string])[]): string[] {
  if (slots.length === 0) return [];
  const rows = slots
    .slice(0, MOST_SHOWN)
    .map(([{ workflowId, step, weight, priority }, since]) => `| ${workflowId} | ${step} | ${weight} | ${priority} | ${since} |`);
  const more = slots.length > rows.length ? [`and ${slots.length - rows.length} more`, ''] : [''];
  return [`| ${title} | step | slots | priority | since |`, '| --- | --- | ---: | ---: | --- |', ...rows, '', ...more];
}
