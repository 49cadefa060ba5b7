import type { PipelineConfig } from '../config/project.js';
import type { ScheduleConfig } from '../config/schedule.js';
import { parseDuration } from '../core/duration.js';
import type { ScheduledStart, ScheduleSettings } from '../core/schedule.js';
import { startOfDay } from '../core/zoned-time.js';

/** An outage of a night is made up for by itself; what is longer past is listed, and somebody decides. */
const CATCH_UP_MS = 86_400_000;

/** The id of a pipeline's schedule. */
export function scheduleId(taskQueue: string, pipeline: string): string {
  return `millrace/${taskQueue}/${pipeline}`;
}

/** What a pipeline's schedule is to be, with its defaults filled in; `undefined` for a pipeline without one. */
export function settingsOf({ schedule, partition }: PipelineConfig): ScheduleSettings | undefined {
  if (!schedule) return undefined;
  const timezone = schedule.timezone ?? 'UTC';
  return {
    ...timesOf(schedule),
    timezone,
    overlap: schedule.overlap ?? 'skip',
    catchUpMs: spanOf(schedule.catchUp, CATCH_UP_MS),
    jitterMs: spanOf(schedule.jitter, 0),
    start: momentOf(schedule.start, timezone),
    end: momentOf(schedule.end, timezone),
    partitionOf: partition ? (schedule.partitionOf ?? 'previous') : null,
    params: schedule.params ?? {},
    paused: schedule.paused ?? false,
  };
}

/** What a schedule hands to the workflow that starts its runs. */
export function startOf(taskQueue: string, pipeline: string, settings: ScheduleSettings): ScheduledStart {
  const { timezone, overlap, partitionOf, params } = settings;
  return { pipeline, schedule: scheduleId(taskQueue, pipeline), timezone, overlap, partitionOf, params };
}

function timesOf(schedule: ScheduleConfig): Pick<ScheduleSettings, 'cron' | 'everyMs' | 'offsetMs'> {
  if ('cron' in schedule) return { cron: [schedule.cron].flat(), everyMs: null, offsetMs: 0 };
  return { cron: [], everyMs: spanOf(schedule.every, 0), offsetMs: spanOf(schedule.offset, 0) };
}

function spanOf(text: string | undefined, otherwise: number): number {
  return text === undefined ? otherwise : (parseDuration(text) ?? otherwise);
}

function momentOf(text: string | undefined, timezone: string): string | null {
  if (text === undefined) return null;
  return (text.length === 10 ? startOfDay(text, timezone) : new Date(text)).toISOString();
}
