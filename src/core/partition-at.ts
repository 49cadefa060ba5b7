import type { Partitioning } from './partitions.js';
import type { PartitionOf } from './schedule.js';
import { zonedTime } from './zoned-time.js';

/**
 * The partition that a run does which is scheduled for a moment, as the calendar of a time zone has it: `previous`, the
 * month or day that had ended by then, or `current`, the one under way.
 *
 * @example at 02:00 on the first of March, `previous` of a monthly pipeline is February
 */
export function partitionAt({ kind }: Pick<Partitioning, 'kind'>, at: Date, timezone: string, which: PartitionOf): string {
  const { year, month, day } = zonedTime(at, timezone);
  const back = which === 'previous' ? 1 : 0;
  return kind === 'monthly'
    ? new Date(Date.UTC(year, month - 1 - back, 1)).toISOString().slice(0, 7)
    : new Date(Date.UTC(year, month - 1, day - back)).toISOString().slice(0, 10);
}
