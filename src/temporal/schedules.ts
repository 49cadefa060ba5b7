import {
  ScheduleAlreadyRunning,
  ScheduleNotFoundError,
  type CalendarSpec,
  type ScheduleDescription,
  type ScheduleOptions,
  type ScheduleOverlapPolicy,
} from '@temporalio/client';
import { parseCron } from '../core/cron.js';
import { START_WORKFLOW, type Overlap, type ScheduledStart, type ScheduleSettings } from '../core/schedule.js';
import { cronOf } from './calendars.js';
import type { TemporalClient } from './connect.js';
import { answered } from './service-errors.js';

/** A schedule as Temporal has it. */
export interface TemporalSchedule {
  readonly id: string;
  /** The task queue of the project that made it; null for anybody else's. */
  readonly owner: string | null;
  readonly settings: ScheduleSettings;
  /** What it starts, where that is not what Millrace starts. */
  readonly action: string;
  /** Whether it is to be paused, as it was last applied. */
  readonly appliedPaused: boolean;
  readonly paused: boolean;
  readonly note: string | null;
  readonly nextTimes: readonly string[];
  readonly createdAt: string;
  /** How many of its starts were skipped, because the one before was going on, and because the server was down too long. */
  readonly skipped: number;
  readonly missed: number;
}

const OVERLAPS: readonly (readonly [Overlap, NonNullable<ScheduleOverlapPolicy>])[] = [
  ['skip', 'SKIP'],
  ['bufferOne', 'BUFFER_ONE'],
  ['bufferAll', 'BUFFER_ALL'],
  ['cancelOther', 'CANCEL_OTHER'],
  ['terminateOther', 'TERMINATE_OTHER'],
  ['allowAll', 'ALLOW_ALL'],
];

/** A schedule; `undefined` where Temporal has none of that id. */
export async function describeSchedule(temporal: TemporalClient, id: string): Promise<TemporalSchedule | undefined> {
  return answered(temporal, id, async () => {
    try {
      return read(await temporal.client.schedule.getHandle(id).describe());
    } catch (error) {
      if (error instanceof ScheduleNotFoundError) return undefined;
      throw error;
    }
  });
}

/** What one look at a list of schedules tells. */
export interface ListedSchedule {
  readonly id: string;
  readonly paused: boolean;
  readonly note: string | null;
  readonly nextTimes: readonly string[];
}

/** The schedules that a project owns; by visibility, which lags behind by moments. */
export async function listOwnSchedules(temporal: TemporalClient, owner: string): Promise<ListedSchedule[]> {
  return answered(temporal, 'schedules', async () => {
    const found: ListedSchedule[] = [];
    for await (const { scheduleId, memo, state, info } of temporal.client.schedule.list({ pageSize: 500 })) {
      if (ownerOf(memo) !== owner) continue;
      const nextTimes = info.nextActionTimes.map((time) => time.toISOString());
      found.push({ id: scheduleId, paused: state.paused, note: state.note || null, nextTimes });
    }
    return found;
  });
}

/** Makes a schedule. Says whether it has: false where there is one of that id already. */
export async function createSchedule(temporal: TemporalClient, id: string, wanted: WantedSchedule): Promise<boolean> {
  return answered(temporal, id, async () => {
    try {
      const { state, ...options } = optionsOf(id, wanted);
      await temporal.client.schedule.create({
        ...options,
        scheduleId: id,
        memo: { millrace: { owner: wanted.taskQueue } },
        state: { ...state, paused: wanted.settings.paused },
      });
      return true;
    } catch (error) {
      if (error instanceof ScheduleAlreadyRunning) return false;
      throw error;
    }
  });
}

/** Sets everything of a schedule anew. */
export async function updateSchedule(
  temporal: TemporalClient,
  id: string,
  wanted: WantedSchedule,
  state: { readonly paused: boolean; readonly note: string | null },
): Promise<void> {
  await answered(temporal, id, () =>
    temporal.client.schedule
      .getHandle(id)
      .update(() => ({ ...optionsOf(id, wanted), state: { paused: state.paused, note: state.note ?? '' } })),
  );
}

export async function deleteSchedule(temporal: TemporalClient, id: string): Promise<void> {
  await answered(temporal, id, async () => {
    try {
      await temporal.client.schedule.getHandle(id).delete();
    } catch (error) {
      if (!(error instanceof ScheduleNotFoundError)) throw error;
    }
  });
}

/** Pauses or resumes a schedule, with a note that Temporal's UI shows. */
export async function setPaused(temporal: TemporalClient, id: string, paused: boolean, note: string): Promise<void> {
  const handle = temporal.client.schedule.getHandle(id);
  await answered(temporal, id, () => (paused ? handle.pause(note) : handle.unpause(note)));
}

/**
 * The times from one moment up to another at which a schedule comes by its settings of today, paused or not. With jitter
 * they are the moments of the starts, which come after the times that the schedule names.
 */
export async function matchingTimes(temporal: TemporalClient, id: string, from: Date, until: Date): Promise<Date[]> {
  const { client, namespace } = temporal;
  const answer = await answered(temporal, id, () =>
    client.workflowService.listScheduleMatchingTimes({
      namespace,
      scheduleId: id,
      startTime: rawTime(from),
      endTime: rawTime(until),
    }),
  );
  return (answer.startTime ?? []).map(({ seconds, nanos }) => new Date(Number(seconds) * 1000 + Math.floor((nanos ?? 0) / 1e6)));
}

export interface WantedSchedule {
  readonly settings: ScheduleSettings;
  readonly taskQueue: string;
  readonly start: ScheduledStart;
}

function optionsOf(id: string, { settings, taskQueue, start }: WantedSchedule) {
  const { cron, everyMs, offsetMs, timezone, overlap, catchUpMs, jitterMs } = settings;
  return {
    spec: {
      calendars: cron.map(calendarOf),
      intervals: everyMs === null ? [] : [{ every: everyMs, offset: offsetMs }],
      timezone,
      ...(jitterMs > 0 && { jitter: jitterMs }),
      ...(settings.start !== null && { startAt: new Date(settings.start) }),
      ...(settings.end !== null && { endAt: new Date(settings.end) }),
    },
    action: {
      type: 'startWorkflow' as const,
      workflowType: START_WORKFLOW,
      workflowId: id,
      taskQueue,
      args: [start],
      // How it was applied, beside the state that people change in Temporal.
      memo: { millrace: { schedule: id, paused: settings.paused } },
    },
    policies: { overlap: OVERLAPS.find(([name]) => name === overlap)?.[1] ?? 'SKIP', catchupWindow: catchUpMs },
    state: { note: settings.paused ? 'paused by the config' : '' },
  } satisfies Partial<ScheduleOptions>;
}

// As a calendar it comes back as it was given; a cron expression would come back as a calendar too, in other words.
function calendarOf(text: string): CalendarSpec {
  const cron = parseCron(text);
  return {
    second: [0],
    minute: ranges(cron.minutes),
    hour: ranges(cron.hours),
    dayOfMonth: ranges(cron.daysOfMonth),
    month: cron.months.map((month) => MONTH_NAMES[month - 1] ?? 'JANUARY'),
    dayOfWeek: cron.daysOfWeek.map((day) => DAY_NAMES[day] ?? 'SUNDAY'),
    comment: text,
  };
}

function ranges(values: readonly number[]): { readonly start: number; end: number; readonly step: 1 }[] {
  const found: { readonly start: number; end: number; readonly step: 1 }[] = [];
  for (const value of values) {
    const last = found.at(-1);
    if (last && last.end === value - 1) last.end = value;
    else found.push({ start: value, end: value, step: 1 });
  }
  return found;
}

const MONTH_NAMES = [
  'JANUARY',
  'FEBRUARY',
  'MARCH',
  'APRIL',
  'MAY',
  'JUNE',
  'JULY',
  'AUGUST',
  'SEPTEMBER',
  'OCTOBER',
  'NOVEMBER',
  'DECEMBER',
] as const;
const DAY_NAMES = ['SUNDAY', 'MONDAY', 'TUESDAY', 'WEDNESDAY', 'THURSDAY', 'FRIDAY', 'SATURDAY'] as const;

function read(description: ScheduleDescription): TemporalSchedule {
  const { scheduleId, spec, action, policies, memo, state, info, raw } = description;
  const start = (action.args?.[0] ?? {}) as Partial<ScheduledStart>;
  const [interval] = spec.intervals ?? [];
  const applied = (action.memo?.['millrace'] ?? {}) as { readonly paused?: boolean };
  const raws = raw.schedule?.spec;
  const strange = (spec.intervals?.length ?? 0) > 1 || (raws?.excludeStructuredCalendar?.length ?? 0) > 0;
  return {
    id: scheduleId,
    owner: ownerOf(memo),
    action: `${action.workflowType} on ${action.taskQueue} as ${action.workflowId}${strange ? ', at times that were edited' : ''}`,
    appliedPaused: applied.paused === true,
    settings: {
      cron: (raws?.structuredCalendar ?? []).map(cronOf),
      everyMs: interval?.every ?? null,
      offsetMs: interval?.offset ?? 0,
      timezone: spec.timezone || 'UTC',
      overlap: OVERLAPS.find(([, policy]) => policy === policies.overlap)?.[0] ?? 'skip',
      catchUpMs: policies.catchupWindow,
      jitterMs: spec.jitter ?? 0,
      start: spec.startAt?.toISOString() ?? null,
      end: spec.endAt?.toISOString() ?? null,
      partitionOf: start.partitionOf ?? null,
      params: start.params ?? {},
      paused: state.paused,
    },
    paused: state.paused,
    note: state.note || null,
    nextTimes: info.nextActionTimes.map((time) => time.toISOString()),
    createdAt: info.createdAt.toISOString(),
    skipped: info.numActionsSkippedOverlap,
    missed: info.numActionsMissedCatchupWindow,
  };
}

function ownerOf(memo: Readonly<Record<string, unknown>> | undefined): string | null {
  const mark = memo?.['millrace'] as { readonly owner?: unknown } | undefined;
  return typeof mark?.owner === 'string' ? mark.owner : null;
}

function rawTime(time: Date): { readonly seconds: never; readonly nanos: number } {
  const ms = time.getTime();
  // The library's type is a Long; its encoder takes numbers as well.
  return { seconds: Math.floor(ms / 1000) as never, nanos: (ms % 1000) * 1e6 };
}
