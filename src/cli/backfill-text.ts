import type { ResultOf } from '../api/index.js';
import { backfillMap, mapLegend } from '../core/backfill-map.js';
import { count, duration, plainTable } from '../dev/text-format.js';
import { columns } from './columns.js';
import { errorText } from './output.js';
import { shortTime } from './short-time.js';

export type Backfill = ResultOf<'getBackfill'>;
type Preview = ResultOf<'previewBackfill'>;

/** What to say of a backfill that nobody takes up. */
export const NO_WORKER = 'No worker takes its tasks: the backfill waits for one. Start it with: millrace worker';

/** Partitions that are told of one by one. */
const MOST_TOLD = 20;

/** What a backfill would do, as people read it. */
export function previewText({ pipeline, todo, leftOut, rows, durationMs, measuredRuns }: Preview): string {
  const partitions = [
    ...todo.map(({ partition }) => ({ partition, status: 'waiting' as const })),
    ...leftOut.map(({ partition }) => ({ partition, status: 'left out' as const })),
  ].toSorted((a, b) => a.partition.localeCompare(b.partition));
  const expected = [
    rows === null ? 'an unknown number of rows' : `about ${count(rows)} rows`,
    durationMs === null
      ? 'in an unknown time: no run has completed yet'
      : `in about ${duration(durationMs)} (from ${count(measuredRuns)} ${measuredRuns === 1 ? 'run' : 'runs'})`,
  ].join(' ');
  const what =
    todo.length === 0 ? 'nothing to do' : `${count(todo.length)} of ${count(partitions.length)} partitions, ${expected}`;
  return [`${pipeline}: ${what}`, mapText(partitions), ...reasons(leftOut)].join('\n\n');
}

function reasons(leftOut: Preview['leftOut']): string[] {
  if (leftOut.length === 0) return [];
  const told = leftOut.slice(0, MOST_TOLD).map(({ partition, reason }) => [partition, reason]);
  if (leftOut.length > MOST_TOLD) told.push(['', `and ${count(leftOut.length - MOST_TOLD)} more`]);
  return [`Left out\n${columns(told, 2)}`];
}

/** The map of partitions, with what its marks mean. */
export function mapText(partitions: Parameters<typeof mapLegend>[0]): string {
  return [...backfillMap(partitions).map((line) => `  ${line}`), '', `  ${mapLegend(partitions)}`].join('\n');
}

/** A backfill as people read it. */
export function backfillText(backfill: Backfill): string {
  const { id, status, pipeline, from, to, only, concurrency, params, by, startedAt, durationMs } = backfill;
  const facts: readonly (readonly [string, string | null])[] = [
    ['pipeline', `${pipeline}, ${from} to ${to}`],
    ['only', only],
    ['at once', String(concurrency)],
    ['parameters', Object.keys(params).length === 0 ? null : JSON.stringify(params)],
    ['by', by],
    ['started', `${shortTime(startedAt)} UTC`],
    ['time', durationMs === null ? null : duration(durationMs)],
    ['partitions', countsText(backfill)],
  ];
  const known = facts.flatMap(([name, value]) => (value === null ? [] : [[`  ${name}`, value]]));
  const parts = [`${id}  ${status}`, columns(known, 2)];
  if (backfill.partitions.length > 0) parts.push(mapText(backfill.partitions));
  const lost = backfill.partitions.filter(({ error }) => error !== null);
  if (lost.length > 0) {
    const told = lost
      .slice(0, MOST_TOLD)
      .map(({ partition, status: state, error }) => [partition, state, `${error?.message ?? ''} [${error?.code ?? ''}]`]);
    if (lost.length > MOST_TOLD) told.push(['', '', `and ${count(lost.length - MOST_TOLD)} more`]);
    parts.push(plainTable(['partition', 'state', 'why'], told, 3));
  }
  if (backfill.error && backfill.error.code !== 'BACKFILL_INCOMPLETE') parts.push(errorText(backfill.error));
  return parts.join('\n\n');
}

/** `4 completed, 1 failed, 1 waiting, 2 left out`. */
export function countsText({ counts, leftOut }: Pick<Backfill, 'counts' | 'leftOut'>): string {
  const { completed, failed, cancelled, running, waiting } = counts;
  const all = Object.entries({ completed, failed, cancelled, running, waiting, 'left out': leftOut });
  const present = all.filter(([, number]) => number > 0).map(([state, number]) => `${count(number)} ${state}`);
  return present.length === 0 ? 'none' : present.join(', ');
}
