import { parseCron } from '../../core/cron.js';
import { partitionAt } from '../../core/partition-at.js';
import { partitionRange } from '../../core/partitions.js';
import type { ScheduleSettings } from '../../core/schedule.js';
import { startOfDay, timeOfDay, zonedTime } from '../../core/zoned-time.js';
import type { PromisedTime } from './promises.js';

/** A run that is to have completed by a time. */
export interface ExpectedDay {
  /** The partition, or the day of the deadline. */
  readonly subject: string;
  readonly partition?: string;
  /** When it is to begin, by the schedule. */
  readonly from: Date;
  /** A run that completed counts if it started then or later. */
  readonly since: Date;
  readonly deadline: Date;
}

const DAY_MS = 86_400_000;

/** What is to have completed by the deadlines between two moments, the earliest first; the first of a day's times counts. */
export function expectedDays(promised: PromisedTime, after: Date, until: Date): ExpectedDay[] {
  const { time, timezone } = promised;
  const days: ExpectedDay[] = [];
  for (let at = after.getTime() - DAY_MS; at <= until.getTime() + DAY_MS; at += DAY_MS) {
    const day = dayIn(new Date(at), timezone);
    const deadline = timeOfDay(day, time, timezone);
    if (deadline <= after || deadline > until) continue;
    const before = timeOfDay(dayIn(new Date(at - DAY_MS), timezone), time, timezone);
    const expected = expectedBy(promised, day, before, deadline);
    if (expected) days.push(expected);
  }
  return days;
}

function expectedBy(promised: PromisedTime, day: string, before: Date, deadline: Date): ExpectedDay | undefined {
  const { schedule, partition, timezone } = promised;
  const from = schedule ? firstTime(schedule, before, deadline) : startOfDay(day, timezone);
  if (!from) return undefined;
  if (!partition) return { subject: day, from, since: schedule ? from : before, deadline };
  const zone = schedule?.timezone ?? timezone;
  const which = schedule?.partitionOf ?? 'previous';
  const name = partitionAt(partition, from, zone, which);
  if (name < partition.from) return undefined;
  // What has ended may be done before its time; what is under way is to be done anew.
  const ended = startOfDay(partitionRange(name).lt, zone);
  const since = which === 'previous' && ended < from ? ended : from;
  return { subject: name, partition: name, from, since, deadline };
}

/** The first time of a schedule from a moment on, and before another. */
function firstTime(schedule: ScheduleSettings, from: Date, until: Date): Date | undefined {
  if (schedule.paused) return undefined;
  const times =
    schedule.everyMs === null ? cronTimes(schedule, from, until) : [nextOf(schedule.everyMs, schedule.offsetMs, from)];
  const { start, end } = schedule;
  return times
    .filter((time) => time >= from && time < until)
    .filter((time) => (start === null || time.toISOString() >= start) && (end === null || time.toISOString() <= end))
    .toSorted((one, other) => one.getTime() - other.getTime())[0];
}

function nextOf(everyMs: number, offsetMs: number, from: Date): Date {
  return new Date(Math.ceil((from.getTime() - offsetMs) / everyMs) * everyMs + offsetMs);
}

function cronTimes({ cron, timezone }: ScheduleSettings, from: Date, until: Date): Date[] {
  const days = new Set<string>();
  for (let at = from.getTime() - DAY_MS; at <= until.getTime() + DAY_MS; at += DAY_MS) days.add(dayIn(new Date(at), timezone));
  return cron.map(parseCron).flatMap(({ minutes, hours, daysOfMonth, months, daysOfWeek }) =>
    [...days]
      .filter((day) => {
        const { month, date, weekday } = calendarOf(day);
        return months.includes(month) && daysOfMonth.includes(date) && daysOfWeek.includes(weekday);
      })
      .flatMap((day) =>
        hours.flatMap((hour) => minutes.map((minute) => timeOfDay(day, `${twoDigits(hour)}:${twoDigits(minute)}`, timezone))),
      ),
  );
}

function calendarOf(day: string) {
  const date = new Date(`${day}T00:00:00Z`);
  return { month: date.getUTCMonth() + 1, date: date.getUTCDate(), weekday: date.getUTCDay() };
}

function dayIn(at: Date, timezone: string): string {
  const { year, month, day } = zonedTime(at, timezone);
  return `${year}-${twoDigits(month)}-${twoDigits(day)}`;
}

function twoDigits(value: number): string {
  return String(value).padStart(2, '0');
}
