import type { ScheduleSettings } from '../core/schedule.js';

/** A setting of a schedule as a config would say it. */
export function describeSetting(field: keyof ScheduleSettings, settings: ScheduleSettings): string {
  const value = settings[field];
  if (field === 'cron') return settings.cron.join('; ') || 'none';
  if (typeof value === 'number') return value === 0 ? 'none' : spanText(value);
  if (typeof value === 'string') return value;
  return value === null ? 'none' : JSON.stringify(value);
}

/** When a schedule comes, in a few words: `0 2 * * * Europe/Berlin`, `every 15 minutes`. */
export function describeTimes({ cron, everyMs, offsetMs, timezone }: ScheduleSettings): string {
  if (everyMs === null) return `${cron.join('; ')} ${timezone}`;
  return `every ${spanText(everyMs)}${offsetMs === 0 ? '' : ` + ${spanText(offsetMs)}`}`;
}

const UNITS = [
  [86_400_000, 'day'],
  [3_600_000, 'hour'],
  [60_000, 'minute'],
  [1_000, 'second'],
] as const;

/** A length of time in the largest unit that says it exactly. */
export function spanText(ms: number): string {
  const [size, unit] = UNITS.find(([each]) => ms % each === 0) ?? [1_000, 'second'];
  const count = ms / size;
  return `${count} ${unit}${count === 1 ? '' : 's'}`;
}
