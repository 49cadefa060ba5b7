import { z } from 'zod';
import { operation } from '../operation.js';
import { listOf, time } from '../schemas/lists.js';
import { missedTime, schedule, scheduleChange, scheduleDetail } from '../schemas/schedules.js';

const pipeline = z.string().min(1).max(100);
const reason = z.string().trim().min(1).max(500);
const range = {
  from: time.optional().describe('Times from here on; by default the last 30 days, and not before the schedule was made.'),
  to: time.optional().describe('And before this; by default now.'),
};

export const SCHEDULE_OPERATIONS = {
  listSchedules: operation({
    method: 'get',
    path: '/v1/schedules',
    tag: 'schedules',
    role: 'viewer',
    summary: 'Lists the schedules of the config and of Temporal, with their next times.',
    input: z.object({}),
    result: listOf(schedule),
  }),
  getSchedule: operation({
    method: 'get',
    path: '/v1/schedules/{pipeline}',
    tag: 'schedules',
    role: 'viewer',
    summary: 'Shows the schedule of a pipeline, with what became of its latest times.',
    input: z.object({ pipeline }),
    result: scheduleDetail,
    errors: ['PIPELINE_UNKNOWN', 'SCHEDULE_UNKNOWN'],
  }),
  applySchedules: operation({
    method: 'put',
    path: '/v1/schedules',
    tag: 'schedules',
    role: 'admin',
    summary: 'Makes the schedules in Temporal those of the config, or only tells what that would change.',
    input: z.object({ dryRun: z.boolean().default(false).describe('Tells what would change, and changes nothing.') }),
    result: z.object({ applied: z.boolean(), changes: z.array(scheduleChange) }),
  }),
  pauseSchedule: operation({
    method: 'post',
    path: '/v1/schedules/{pipeline}/pause',
    tag: 'schedules',
    role: 'operator',
    summary: 'Pauses the schedule of a pipeline; runs go on.',
    input: z.object({ pipeline, reason: reason.optional().describe('Why, for whoever asks later.') }),
    result: schedule,
    errors: ['PIPELINE_UNKNOWN', 'SCHEDULE_UNKNOWN', 'SCHEDULE_FOREIGN'],
  }),
  resumeSchedule: operation({
    method: 'post',
    path: '/v1/schedules/{pipeline}/resume',
    tag: 'schedules',
    role: 'operator',
    summary: 'Lets a paused schedule go on, with its next time.',
    input: z.object({ pipeline, reason: reason.optional() }),
    result: schedule,
    errors: ['PIPELINE_UNKNOWN', 'SCHEDULE_UNKNOWN', 'SCHEDULE_FOREIGN'],
  }),
  triggerSchedule: operation({
    method: 'post',
    path: '/v1/schedules/{pipeline}/trigger',
    tag: 'schedules',
    role: 'operator',
    summary: 'Starts what the schedule of a pipeline would start, as for a time that has come now.',
    input: z.object({ pipeline }),
    result: z.object({ pipeline: z.string(), scheduledAt: time, workflowId: z.string(), runId: z.string(), worker: z.boolean() }),
    status: 202,
    errors: ['PIPELINE_UNKNOWN', 'SCHEDULE_UNKNOWN'],
  }),
  listMissedTimes: operation({
    method: 'get',
    path: '/v1/schedules/{pipeline}/missed',
    tag: 'schedules',
    role: 'viewer',
    summary: 'Lists the times of a schedule for which no run was started, each with why.',
    input: z.object({ pipeline, ...range }),
    result: listOf(missedTime),
    errors: ['PIPELINE_UNKNOWN', 'SCHEDULE_UNKNOWN', 'SCHEDULE_FOREIGN', 'SCHEDULE_RANGE'],
  }),
  fillMissedTimes: operation({
    method: 'post',
    path: '/v1/schedules/{pipeline}/fill',
    tag: 'schedules',
    role: 'operator',
    summary: 'Starts the runs that a schedule has missed, one after another.',
    input: z.object({ pipeline, ...range }),
    result: z.object({
      pipeline: z.string(),
      times: z.array(time),
      workflowId: z.string().nullable().describe('The workflow that starts them; null where nothing was missed.'),
      runId: z.string().nullable(),
      worker: z.boolean(),
    }),
    status: 202,
    errors: ['PIPELINE_UNKNOWN', 'SCHEDULE_UNKNOWN', 'SCHEDULE_FOREIGN', 'SCHEDULE_RANGE', 'SCHEDULE_FILLING'],
  }),
} as const;
