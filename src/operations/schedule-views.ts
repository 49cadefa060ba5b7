import type { ResultOf } from '../api/index.js';
import { TerminalError } from '../core/errors.js';
import type { ScheduleSettings, ScheduleTick } from '../core/schedule.js';
import { differences } from '../schedules/difference.js';
import { scheduleId, settingsOf } from '../schedules/settings.js';
import { describeTimes } from '../schedules/words.js';
import { describeSchedule, type ListedSchedule, type TemporalSchedule } from '../temporal/schedules.js';
import { pipelineFor, sees, type OperationContext } from './context.js';

type ScheduleView = ResultOf<'pauseSchedule'>;
type TickView = NonNullable<ScheduleView['lastTick']>;

/** Times of a schedule that are shown in full. */
const LATEST_TICKS = 20;
const NEXT_TIMES = 5;

/** The schedules of the config and those that Temporal has of this project. */
export async function listSchedules(context: OperationContext): Promise<ResultOf<'listSchedules'>> {
  const { project, states } = context;
  const listed = new Map((await states.schedules()).map((each) => [each.id, each]));
  const prefix = scheduleId(project.taskQueue, '');
  const configured = Object.entries(project.pipelines).flatMap(([name, { schedule }]) => (schedule ? [name] : []));
  const removed = [...listed.keys()].map((id) => id.slice(prefix.length)).filter((name) => !configured.includes(name));
  const names = [...configured, ...removed].filter((name) => sees(context, name));
  const items: ScheduleView[] = [];
  for (const name of names) items.push(await scheduleView(context, name, listed.get(prefix + name)));
  return { items, next: null };
}

/** A schedule as far as the config and Temporal have it. */
export async function scheduleView(
  { project, catalog }: OperationContext,
  pipeline: string,
  there: ListedSchedule | undefined,
): Promise<ScheduleView> {
  const id = scheduleId(project.taskQueue, pipeline);
  const config = project.pipelines[pipeline];
  const wanted = config && settingsOf(config);
  const [lastTick] = await catalog.listTicks({ schedule: id, limit: 1 });
  const active = there?.paused ? 'paused' : 'active';
  return {
    pipeline,
    id,
    state: wanted ? (there ? active : 'not applied') : 'not in the config',
    times: wanted ? describeTimes(wanted) : '',
    note: there?.note ?? null,
    // Temporal tells them of a paused one too, though nothing comes of them.
    nextTimes: there && !there.paused ? there.nextTimes.slice(0, NEXT_TIMES) : [],
    lastTick: lastTick ? tickView(lastTick) : null,
  };
}

/** @throws TerminalError PIPELINE_UNKNOWN, FORBIDDEN, SCHEDULE_UNKNOWN */
export async function scheduleDetail(context: OperationContext, pipeline: string): Promise<ResultOf<'getSchedule'>> {
  const { project, catalog, temporal } = context;
  const { taskQueue } = project;
  const wanted = settingsOf(pipelineFor(context, pipeline));
  const found = await describeSchedule(temporal, scheduleId(taskQueue, pipeline));
  const there = found?.owner === taskQueue ? found : undefined;
  if (!wanted && !there) throw notApplied(pipeline, false);
  const view = await scheduleView(context, pipeline, there);
  const ticks = await catalog.listTicks({ schedule: view.id, limit: LATEST_TICKS });
  const pauses = await catalog.listSchedulePauses(view.id);
  return {
    ...view,
    wanted: wanted ? settingsView(wanted) : null,
    applied: there ? settingsView(there.settings) : null,
    differences: differencesOf(there, wanted, taskQueue),
    createdAt: there?.createdAt ?? null,
    ticks: ticks.map(tickView),
    pauses: pauses.map(({ schedule: _schedule, ...pause }) => pause),
  };
}

function differencesOf(there: TemporalSchedule | undefined, wanted: ScheduleSettings | undefined, taskQueue: string) {
  return there && wanted ? [...differences(there, wanted, taskQueue)] : [];
}

function settingsView(settings: ScheduleSettings) {
  return { ...settings, cron: [...settings.cron], params: { ...settings.params } };
}

function tickView({ schedule: _schedule, pipeline: _pipeline, starterRunId: _starter, ...tick }: ScheduleTick): TickView {
  return tick;
}

/** What to say of a pipeline whose schedule Temporal does not have. */
export function notApplied(pipeline: string, isConfigured: boolean): TerminalError {
  const message = isConfigured
    ? `Temporal has no schedule of "${pipeline}" yet. Make it with \`millrace apply\`.`
    : `The pipeline "${pipeline}" has no schedule. Give it one in the config, as schedule: { cron: '0 2 * * *' }, then run \`millrace apply\`.`;
  return new TerminalError('SCHEDULE_UNKNOWN', message);
}
