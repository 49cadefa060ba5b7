import { TerminalError } from './errors.js';

/** How a pipeline's work is cut into named slices of time. Plain data, so that a workflow can carry it. */
export interface Partitioning {
  readonly kind: 'monthly' | 'daily';
  /** The run parameter that names the partition. */
  readonly parameter: string;
  /** The first partition there is. */
  readonly from: string;
}

/** A half-open range of days, as ISO dates. */
export interface DateRange {
  readonly gte: string;
  readonly lt: string;
}

/** One partition a month, named `2001-01`. */
export function monthly(parameter: string, options: { readonly from: string }): Partitioning {
  return { kind: 'monthly', parameter, from: options.from };
}

/** One partition a day, named `2001-01-31`. */
export function daily(parameter: string, options: { readonly from: string }): Partitioning {
  return { kind: 'daily', parameter, from: options.from };
}

const MONTH = /^(\d{4})-(0[1-9]|1[0-2])$/;
const DAY = /^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$/;

/**
 * The days of a partition named as a month (`2001-01`) or a day (`2001-01-31`).
 * @throws TerminalError PARAMETERS_INVALID when it is neither
 */
export function partitionRange(partition: string): DateRange {
  const month = MONTH.exec(partition);
  if (month) return { gte: `${partition}-01`, lt: isoDate(Date.UTC(Number(month[1]), Number(month[2]), 1)) };
  const start = DAY.test(partition) ? Date.parse(`${partition}T00:00:00Z`) : Number.NaN;
  if (Number.isNaN(start) || isoDate(start) !== partition) {
    throw new TerminalError(
      'PARAMETERS_INVALID',
      `"${partition}" is not a partition: use a month such as 2001-01 or a day such as 2001-01-31.`,
    );
  }
  return { gte: partition, lt: isoDate(start + 86_400_000) };
}

/**
 * Every partition from the first to the last, both included.
 * @throws TerminalError PARAMETERS_INVALID when one of them is no partition, or they are of two kinds or in the wrong order
 */
export function partitionsBetween(first: string, last: string): string[] {
  const end = partitionRange(last).gte;
  if (first.length !== last.length || partitionRange(first).gte > end) {
    throw new TerminalError(
      'PARAMETERS_INVALID',
      `"${first}" to "${last}" is no range of partitions: name two months or two days, the earlier one first.`,
    );
  }
  const names: string[] = [];
  for (let name = first; partitionRange(name).gte <= end; name = partitionRange(name).lt.slice(0, first.length)) names.push(name);
  return names;
}

function isoDate(time: number): string {
  return new Date(time).toISOString().slice(0, 10);
}
