import { z } from 'zod';
import { jsonObject, time } from './lists.js';

export const scheduleTick = z
  .object({
    scheduledAt: time.describe('The time that the schedule names.'),
    kind: z.enum(['schedule', 'fill', 'trigger']),
    by: z.string().nullable().describe('Who asked, where somebody did.'),
    partition: z.string().nullable(),
    outcome: z
      .enum(['started', 'reused', 'skipped', 'refused'])
      .describe('`reused`: the run of its id was running; `skipped` and `refused` have a reason.'),
    code: z.string().nullable(),
    reason: z.string().nullable(),
    workflowId: z.string().nullable().describe('The run that was started or was there.'),
    runId: z.string().nullable(),
    decidedAt: time,
    endedAt: time.nullable(),
    ended: z.enum(['completed', 'failed', 'cancelled']).nullable(),
  })
  .meta({ id: 'ScheduleTick' });

export const scheduleSettings = z
  .object({
    cron: z.array(z.string()),
    everyMs: z.number().nullable(),
    offsetMs: z.number(),
    timezone: z.string(),
    overlap: z.enum(['skip', 'bufferOne', 'bufferAll', 'cancelOther', 'terminateOther', 'allowAll']),
    catchUpMs: z.number(),
    jitterMs: z.number(),
    start: time.nullable(),
    end: time.nullable(),
    partitionOf: z.enum(['previous', 'current']).nullable(),
    params: jsonObject,
    paused: z.boolean(),
  })
  .meta({ id: 'ScheduleSettings' });

export const schedule = z
  .object({
    pipeline: z.string(),
    id: z.string(),
    state: z
      .enum(['active', 'paused', 'not applied', 'not in the config'])
      .describe('`not applied`: the config has it and Temporal not yet; `not in the config`: the other way round.'),
    times: z.string().describe('When it comes, in a few words.'),
    note: z.string().nullable().describe('What Temporal keeps with it, as why it is paused.'),
    nextTimes: z.array(time),
    lastTick: scheduleTick.nullable(),
  })
  .meta({ id: 'Schedule' });

export const scheduleDifference = z.object({ field: z.string(), before: z.string(), after: z.string() });

export const scheduleDetail = schedule
  .extend({
    wanted: scheduleSettings.nullable().describe('As the config has it.'),
    applied: scheduleSettings.nullable().describe('As Temporal has it.'),
    differences: z.array(scheduleDifference).describe('What `millrace apply` would change.'),
    createdAt: time.nullable(),
    ticks: z.array(scheduleTick).describe('What became of its latest times, the last one first.'),
    pauses: z.array(
      z.object({
        pausedAt: time,
        by: z.string(),
        reason: z.string().nullable(),
        resumedAt: time.nullable(),
        resumedBy: z.string().nullable(),
      }),
    ),
  })
  .meta({ id: 'ScheduleDetail' });

export const scheduleChange = z
  .object({
    pipeline: z.string(),
    id: z.string(),
    change: z.enum(['created', 'changed', 'removed', 'unchanged', 'refused']),
    times: z.string(),
    differences: z.array(scheduleDifference),
    note: z.string().nullable(),
  })
  .meta({ id: 'ScheduleChange' });

export const missedTime = z
  .object({
    scheduledAt: time,
    partition: z.string().nullable(),
    why: z
      .enum(['paused', 'overlap', 'skipped', 'refused', 'waiting', 'start failed', 'not made yet', 'not started'])
      .describe('`waiting`: its start waits for a worker; `not made yet`: the schedule is younger.'),
    reason: z.string(),
  })
  .meta({ id: 'MissedTime' });
