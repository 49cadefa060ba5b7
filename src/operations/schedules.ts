import { requireNoScope } from '../access/caller.js';
import type { ParsedInputOf, ResultOf } from '../api/index.js';
import { TerminalError } from '../core/errors.js';
import { findMissed, type MissedRequest } from '../schedules/missed.js';
import { applySchedules, planSchedules, type ScheduleChange } from '../schedules/reconcile.js';
import { scheduleId, settingsOf, startOf } from '../schedules/settings.js';
import { startTimes } from '../schedules/start-times.js';
import { describeSchedule, setPaused, type TemporalSchedule } from '../temporal/schedules.js';
import { pipelineFor, type Handlers, type OperationContext } from './context.js';
import { listSchedules, notApplied, scheduleDetail, scheduleView } from './schedule-views.js';

type ScheduleHandlers = Handlers<
  | 'listSchedules'
  | 'getSchedule'
  | 'applySchedules'
  | 'pauseSchedule'
  | 'resumeSchedule'
  | 'triggerSchedule'
  | 'listMissedTimes'
  | 'fillMissedTimes'
>;

export const scheduleHandlers: ScheduleHandlers = {
  listSchedules,
  getSchedule: (context, { pipeline }) => scheduleDetail(context, pipeline),
  applySchedules: applyAll,
  pauseSchedule: (context, input) => setState(context, input, true),
  resumeSchedule: (context, input) => setState(context, input, false),
  triggerSchedule,
  async listMissedTimes(context, input) {
    return { items: await findMissed(context.temporal, context.catalog, await missedRequest(context, input)), next: null };
  },
  fillMissedTimes,
};

async function applyAll(
  context: OperationContext,
  { dryRun }: ParsedInputOf<'applySchedules'>,
): Promise<ResultOf<'applySchedules'>> {
  const { temporal, project, caller } = context;
  requireNoScope(caller, 'applying schedules, which is of all pipelines');
  const planned = await planSchedules(temporal, project);
  const changes = planned.map(({ make: _make, differences, ...rest }) => ({ ...rest, differences: [...differences] }));
  if (dryRun) return { applied: false, changes };
  await applySchedules(temporal, planned);
  for (const change of changes) await recordPauseOf(context, change);
  return { applied: true, changes };
}

/** Keeps since when the config has a schedule paused, which Temporal does not tell. */
async function recordPauseOf({ catalog, caller }: OperationContext, { id, change, differences, note }: ScheduleChange) {
  const at = new Date().toISOString();
  const paused = differences.find(({ field }) => field === 'paused')?.after;
  if (paused === 'paused' || (change === 'created' && note !== null)) {
    await catalog.recordSchedulePause({ schedule: id, pausedAt: at, by: caller.name, reason: 'the config says so' });
  }
  if (paused === 'active' || change === 'removed') await catalog.recordScheduleResume(id, at, caller.name);
}

async function setState(
  context: OperationContext,
  { pipeline, reason }: ParsedInputOf<'pauseSchedule'>,
  paused: boolean,
): Promise<ResultOf<'pauseSchedule'>> {
  const { temporal, catalog, caller } = context;
  const there = await ownSchedule(context, pipeline);
  const at = new Date().toISOString();
  if (there.paused !== paused) {
    const told = `${paused ? 'paused' : 'resumed'} by ${caller.name}${reason === undefined ? '' : `: ${reason}`}`;
    await setPaused(temporal, there.id, paused, told);
    if (paused) await catalog.recordSchedulePause({ schedule: there.id, pausedAt: at, by: caller.name, reason: reason ?? null });
    else await catalog.recordScheduleResume(there.id, at, caller.name);
  }
  return scheduleView(context, pipeline, await describeSchedule(temporal, there.id));
}

async function triggerSchedule(
  context: OperationContext,
  { pipeline }: ParsedInputOf<'triggerSchedule'>,
): Promise<ResultOf<'triggerSchedule'>> {
  const { temporal, project, states, caller } = context;
  const { taskQueue } = project;
  const wanted = settingsOf(pipelineFor(context, pipeline));
  const there = await describeSchedule(temporal, scheduleId(taskQueue, pipeline));
  const settings = there?.owner === taskQueue ? there.settings : wanted;
  if (!settings) throw notApplied(pipeline, false);
  const scheduledAt = new Date().toISOString();
  const start = startOf(taskQueue, pipeline, settings);
  const run = await startTimes(temporal, taskQueue, {
    ...start,
    times: [scheduledAt],
    asked: { kind: 'trigger', by: caller.name },
  });
  return { pipeline, scheduledAt, ...run, worker: await states.hasWorker(taskQueue) };
}

async function fillMissedTimes(
  context: OperationContext,
  input: ParsedInputOf<'fillMissedTimes'>,
): Promise<ResultOf<'fillMissedTimes'>> {
  const { temporal, project, catalog, states, caller } = context;
  const { taskQueue } = project;
  const { pipeline } = input;
  const request = await missedRequest(context, input);
  const missed = await findMissed(temporal, catalog, request);
  // Those that wait for a worker are started when one is there.
  const times = missed.filter(({ why }) => why !== 'waiting').map(({ scheduledAt }) => scheduledAt);
  const worker = await states.hasWorker(taskQueue);
  if (times.length === 0) return { pipeline, times, workflowId: null, runId: null, worker };
  const start = startOf(taskQueue, pipeline, request.there.settings);
  const run = await startTimes(temporal, taskQueue, { ...start, times, asked: { kind: 'fill', by: caller.name } });
  return { pipeline, times, ...run, worker };
}

async function missedRequest(
  context: OperationContext,
  { pipeline, from, to }: ParsedInputOf<'listMissedTimes'>,
): Promise<MissedRequest> {
  const there = await ownSchedule(context, pipeline);
  const { partition } = pipelineFor(context, pipeline);
  return {
    pipeline,
    partition,
    there,
    ...(from !== undefined && { from: new Date(from) }),
    ...(to !== undefined && { to: new Date(to) }),
  };
}

/** @throws TerminalError PIPELINE_UNKNOWN, FORBIDDEN, SCHEDULE_UNKNOWN, SCHEDULE_FOREIGN */
async function ownSchedule(context: OperationContext, pipeline: string): Promise<TemporalSchedule> {
  const config = pipelineFor(context, pipeline);
  const { taskQueue } = context.project;
  const id = scheduleId(taskQueue, pipeline);
  const there = await describeSchedule(context.temporal, id);
  if (!there) throw notApplied(pipeline, config.schedule !== undefined);
  if (there.owner === taskQueue) return there;
  throw new TerminalError(
    'SCHEDULE_FOREIGN',
    `Temporal has a schedule ${id}, and Millrace has not made it for this project: it is left alone. Remove or rename it, or give the project another task queue.`,
  );
}
