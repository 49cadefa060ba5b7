import { isSameCron, parseCron, type Cron } from '../core/cron.js';

/** A range of one field, as the server tells it: nothing for 0. */
interface RawRange {
  readonly start?: number | null;
  readonly end?: number | null;
  readonly step?: number | null;
}

/** A calendar of a schedule, as the server tells it. */
export interface RawCalendar {
  readonly second?: readonly RawRange[] | null;
  readonly minute?: readonly RawRange[] | null;
  readonly hour?: readonly RawRange[] | null;
  readonly dayOfMonth?: readonly RawRange[] | null;
  readonly month?: readonly RawRange[] | null;
  readonly dayOfWeek?: readonly RawRange[] | null;
  readonly year?: readonly RawRange[] | null;
  readonly comment?: string | null;
}

/**
 * A calendar as the cron expression from which it was made, where it is still that; else, as when somebody has edited it in
 * Temporal, in five fields, or as far as these can say it.
 */
export function cronOf(calendar: RawCalendar): string {
  const cron: Cron = {
    minutes: valuesOf(calendar.minute),
    hours: valuesOf(calendar.hour),
    daysOfMonth: valuesOf(calendar.dayOfMonth),
    months: valuesOf(calendar.month),
    daysOfWeek: valuesOf(calendar.dayOfWeek),
  };
  const isPlain = valuesOf(calendar.second).join() === '0' && (calendar.year ?? []).length === 0;
  if (isPlain && isOf(calendar.comment ?? '', cron)) return calendar.comment ?? '';
  const fields = [
    fieldText(cron.minutes, 60),
    fieldText(cron.hours, 24),
    fieldText(cron.daysOfMonth, 31),
    fieldText(cron.months, 12),
    fieldText(cron.daysOfWeek, 7),
  ].join(' ');
  return isPlain ? fields : `${fields} (with seconds or years)`;
}

function isOf(text: string, cron: Cron): boolean {
  try {
    return isSameCron(parseCron(text), cron);
  } catch {
    return false;
  }
}

function valuesOf(ranges: readonly RawRange[] | null | undefined): number[] {
  const values = new Set<number>();
  for (const { start, end, step } of ranges ?? []) {
    const first = start ?? 0;
    const last = Math.max(first, end ?? 0);
    for (let value = first; value <= last; value += step || 1) values.add(value);
  }
  return [...values].toSorted((a, b) => a - b);
}

function fieldText(values: readonly number[], all: number): string {
  return values.length === all ? '*' : values.join(',');
}
