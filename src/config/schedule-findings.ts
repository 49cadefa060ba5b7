import { clockGaps, type ClockGap } from '../core/clock-gaps.js';
import { parseCron, type Cron } from '../core/cron.js';
import { parseDuration } from '../core/duration.js';
import { messageOf } from '../core/errors.js';
import { partitionRange, type Partitioning } from '../core/partitions.js';
import { admissible } from './parameters.js';
import type { PipelineConfig, Project } from './project.js';
import type { ScheduleConfig } from './schedule.js';

/** Something about a schedule, at a path of the config's value. */
interface Finding {
  readonly path: readonly PropertyKey[];
  readonly text: string;
}

type Scheduled = PipelineConfig & { readonly schedule: ScheduleConfig };

function scheduled(config: Project): (readonly [string, Scheduled])[] {
  return Object.entries(config.pipelines).filter((entry): entry is [string, Scheduled] => entry[1].schedule !== undefined);
}

/** What is wrong with schedules, beyond their shape: what the pipeline would refuse. */
export function scheduleFindings(config: Project): Finding[] {
  return scheduled(config).flatMap(([name, pipeline]) => {
    const { partition, schedule } = pipeline;
    const at = ['pipelines', name, 'schedule'];
    if (!partition && schedule.partitionOf !== undefined) {
      return [{ path: [...at, 'partitionOf'], text: 'The pipeline has no partitions. Give it some, or leave this out.' }];
    }
    if (partition && Object.hasOwn(schedule.params ?? {}, partition.parameter)) {
      const text = `"${partition.parameter}" is the partition, which follows from the time of each run. Leave it out.`;
      return [{ path: [...at, 'params', partition.parameter], text }];
    }
    const refused = paramsRefused(config, name, pipeline);
    return refused === undefined ? [] : [{ path: [...at, ...(schedule.params ? ['params'] : [])], text: refused }];
  });
}

function paramsRefused(config: Project, name: string, { partition, schedule }: Scheduled): string | undefined {
  try {
    admissible(config.pipelines, name, { ...schedule.params, ...(partition && { [partition.parameter]: partition.from }) });
    return undefined;
  } catch (error) {
    return `Its runs would be refused: ${messageOf(error)}`;
  }
}

/** What is allowed, and hardly what was meant. */
export function scheduleDoubts(config: Project): Finding[] {
  return scheduled(config).flatMap(([name, { partition, schedule }]) => {
    const at = ['pipelines', name, 'schedule'];
    const crons = 'cron' in schedule ? [schedule.cron].flat().map((text) => ({ text, cron: parseCron(text) })) : [];
    const both = crons.filter(({ cron }) => cron.daysOfMonth.length < 31 && cron.daysOfWeek.length < 7);
    const doubts = both.map(({ text }) => ({
      path: [...at, 'cron'],
      text: `"${text}" restricts both the day of the month and the day of the week: Temporal starts runs where both fit, other crons where either does. Write two expressions for either.`,
    }));
    const gap = gapOf(
      schedule.timezone,
      crons.map(({ cron }) => cron),
    );
    if (gap) doubts.push({ path: [...at, 'cron'], text: gap });
    const often =
      partition &&
      schedule.partitionOf !== 'current' &&
      isFiner(
        partition,
        schedule,
        crons.map(({ cron }) => cron),
      );
    if (!often) return doubts;
    const each = partition.kind === 'monthly' ? 'month' : 'day';
    const text = `It runs more than once a ${each}, and each time does the ${each} that has ended: the same ${partition.kind} partition again. Run it once a ${each}, or say partitionOf: 'current' for the one under way.`;
    return [...doubts, { path: at, text }];
  });
}

/** Clocks that leave something out do so once a year. */
const DAYS_AHEAD = 366;

/** What is to be said of a day on which no run is started, since clocks leave out each of its times. */
function gapOf(timezone: string | undefined, crons: readonly Cron[]): string | undefined {
  if (timezone === undefined) return undefined;
  const isEmpty = ({ from, to }: ClockGap): boolean => {
    const times = crons.flatMap((cron) => timesOn(from, cron));
    return times.length > 0 && times.every((time) => time >= from.getTime() && time < to.getTime());
  };
  const gap = clockGaps(timezone, new Date(), DAYS_AHEAD).find(isEmpty);
  if (!gap) return undefined;
  const day = gap.from.toISOString().slice(0, 10);
  const [from, to] = [gap.from, gap.to].map((time) => time.toISOString().slice(11, 16));
  return `On ${day} nothing is started: clocks in ${timezone} leave out what is between ${from} and ${to}, and Temporal starts no run at a time that does not come. Name a time before or after that.`;
}

/** The times of a day that an expression names, as clocks show them. */
function timesOn(date: Date, { minutes, hours, daysOfMonth, daysOfWeek, months }: Cron): number[] {
  const [year, month, day] = [date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate()];
  if (!months.includes(month + 1) || !daysOfMonth.includes(day) || !daysOfWeek.includes(date.getUTCDay())) return [];
  return hours.flatMap((hour) => minutes.map((minute) => Date.UTC(year, month, day, hour, minute)));
}

function isFiner({ kind, from }: Partitioning, schedule: ScheduleConfig, crons: readonly Cron[]): boolean {
  const { gte, lt } = partitionRange(from);
  if ('every' in schedule)
    return (parseDuration(schedule.every) ?? 0) < (kind === 'daily' ? Date.parse(lt) - Date.parse(gte) : 28 * 86_400_000);
  const months = Array.from({ length: 12 }, (_, index) => crons.filter((cron) => cron.months.includes(index + 1)));
  return months.some((each) => each.reduce((sum, cron) => sum + timesAt(kind, cron), 0) > 1);
}

/** How often an expression comes within one partition, at most. */
function timesAt(kind: Partitioning['kind'], { minutes, hours, daysOfMonth, daysOfWeek }: Cron): number {
  const inDay = minutes.length * hours.length;
  if (kind === 'daily') return inDay;
  // A week has each of its days once.
  const days = daysOfMonth.length <= 7 ? Math.min(daysOfMonth.length, daysOfWeek.length) : daysOfMonth.length;
  const perMonth = daysOfWeek.length < 7 && daysOfMonth.length > 7 ? daysOfWeek.length * 4 : days;
  return inDay * perMonth;
}
