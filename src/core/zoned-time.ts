/** A moment as clocks and calendars of a time zone show it. */
export interface ZonedTime {
  readonly year: number;
  /** From 1. */
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
  /** Sunday is 0. */
  readonly dayOfWeek: number;
}

/** Whether there is a time zone of that name. */
export function isTimeZone(name: string): boolean {
  try {
    formatterOf(name);
    // What Node takes and Temporal's server does not: offsets, and names in other letters.
    return !/^[+-]/.test(name);
  } catch {
    return false;
  }
}

/** What clocks show in a time zone at a moment, summer time and all. */
export function zonedTime(at: Date, timezone: string): ZonedTime {
  const parts = new Map(
    formatterOf(timezone)
      .formatToParts(at)
      .map(({ type, value }) => [type, Number(value)]),
  );
  const [year = 0, month = 1, day = 1] = [parts.get('year'), parts.get('month'), parts.get('day')];
  return {
    year,
    month,
    day,
    hour: parts.get('hour') ?? 0,
    minute: parts.get('minute') ?? 0,
    second: parts.get('second') ?? 0,
    dayOfWeek: new Date(Date.UTC(year, month - 1, day)).getUTCDay(),
  };
}

/** The moment at which a day begins in a time zone: midnight, or the first moment after it where midnight is left out. */
export function startOfDay(day: string, timezone: string): Date {
  return timeOfDay(day, '00:00', timezone);
}

/**
 * The moment at which clocks in a time zone show a time of a day; where summer time leaves that out, a moment next to it.
 *
 * @param time as `06:00`
 */
export function timeOfDay(day: string, time: string, timezone: string): Date {
  const wanted = Date.parse(`${day}T${time}:00Z`);
  let at = wanted;
  // The first guess is off by the zone's distance from UTC, the second perhaps by a change of summer time between the two.
  for (let round = 0; round < 2; round++) at += wanted - wallClock(new Date(at), timezone);
  return new Date(at);
}

/** What clocks in a time zone show at a moment, as the milliseconds of that time in UTC. */
export function wallClock(at: Date, timezone: string): number {
  const { year, month, day, hour, minute, second } = zonedTime(at, timezone);
  return Date.UTC(year, month - 1, day, hour, minute, second);
}

const formatters = new Map<string, Intl.DateTimeFormat>();

function formatterOf(timeZone: string): Intl.DateTimeFormat {
  const known = formatters.get(timeZone);
  if (known) return known;
  const formatter = new Intl.DateTimeFormat('en-US', {
    timeZone,
    calendar: 'iso8601',
    hourCycle: 'h23',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
  });
  formatters.set(timeZone, formatter);
  return formatter;
}
