import { parseCron } from '../core/cron.js';
import type { ScheduleSettings } from '../core/schedule.js';
import { zonedTime } from '../core/zoned-time.js';

const MINUTE_MS = 60_000;

/**
 * The time that a schedule names, of a start that jitter has moved behind it. Temporal tells the moments of starts, and its
 * runs the times that are named.
 */
export function nominalTime(start: Date, { cron, everyMs, offsetMs, jitterMs, timezone }: ScheduleSettings): Date {
  if (jitterMs === 0) return start;
  if (everyMs !== null) return new Date(Math.floor((start.getTime() - offsetMs) / everyMs) * everyMs + offsetMs);
  const crons = cron.flatMap(readable);
  const latest = Math.floor(start.getTime() / MINUTE_MS) * MINUTE_MS;
  for (let at = latest; at >= start.getTime() - jitterMs - MINUTE_MS; at -= MINUTE_MS) {
    const { minute, hour, day, month, dayOfWeek } = zonedTime(new Date(at), timezone);
    const fits = crons.some(
      (each) =>
        each.minutes.includes(minute) &&
        each.hours.includes(hour) &&
        each.daysOfMonth.includes(day) &&
        each.months.includes(month) &&
        each.daysOfWeek.includes(dayOfWeek),
    );
    if (fits) return new Date(at);
  }
  return start;
}

// Somebody may have edited the schedule in Temporal to what no cron expression says.
function readable(text: string) {
  try {
    return [parseCron(text)];
  } catch {
    return [];
  }
}
