import type { Partitioning } from './partitions.js';

const DAY = /(?<!\d)(\d{4})-?(0[1-9]|1[0-2])-?(0[1-9]|[12]\d|3[01])(?!\d)/g;
const MONTH = /(?<!\d)(\d{4})-?(0[1-9]|1[0-2])(?!\d)/g;

/**
 * The partition that a path names, the last one where it names several: `2001-01-31` or `20010131` is a day, which lies in
 * its month; `2001-01` or `200101` a month. `undefined` where there is none.
 */
export function partitionInPath(path: string, kind: Partitioning['kind']): string | undefined {
  const [, dayYear, dayMonth, day] = [...path.matchAll(DAY)].at(-1) ?? [];
  if (kind === 'daily') return day === undefined ? undefined : `${dayYear}-${dayMonth}-${day}`;
  if (day !== undefined) return `${dayYear}-${dayMonth}`;
  const [, year, month] = [...path.matchAll(MONTH)].at(-1) ?? [];
  return month === undefined ? undefined : `${year}-${month}`;
}
