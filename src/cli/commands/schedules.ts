import type { Operations, ResultOf } from '../../api/index.js';
import { plainTable } from '../../dev/text-format.js';
import type { CommandContext } from '../command-context.js';
import { EXIT } from '../exit-codes.js';
import { noWorker } from '../outcome.js';
import { withOperations } from '../services.js';
import { shortTime } from '../short-time.js';

export interface RangeOptions {
  readonly from?: string;
  readonly to?: string;
}

type Schedule = ResultOf<'pauseSchedule'>;
type Detail = ResultOf<'getSchedule'>;
type Tick = Detail['ticks'][number];

export async function list(context: CommandContext): Promise<number> {
  const { output } = context;
  const { items } = await withOperations(context, ({ listSchedules }) => listSchedules({}));
  for (const schedule of items) output.data(schedule);
  if (items.length === 0) output.text('No schedules. Give a pipeline a `schedule` in the config, then run: millrace apply');
  else output.text(plainTable(['pipeline', 'state', 'times', 'next (UTC)', 'last (UTC)', 'came to'], items.map(cells), 6));
  if (items.some(({ state }) => state === 'not applied' || state === 'not in the config')) {
    output.warn('Temporal does not have what the config says. Look at the difference with: millrace apply --dry-run');
  }
  return EXIT.ok;
}

function cells({ pipeline, state, times, nextTimes, lastTick }: Schedule): string[] {
  return [
    pipeline,
    state,
    times,
    shortTime(nextTimes[0] ?? null),
    shortTime(lastTick?.scheduledAt ?? null),
    lastTick ? cameTo(lastTick) : '',
  ];
}

function cameTo({ outcome, ended }: Pick<Tick, 'outcome' | 'ended'>): string {
  if (outcome !== 'started') return outcome;
  return ended ?? 'running';
}

/** @throws TerminalError PIPELINE_UNKNOWN, SCHEDULE_UNKNOWN */
export async function show(context: CommandContext, pipeline: string): Promise<number> {
  const { output } = context;
  const detail = await withOperations(context, ({ getSchedule }) => getSchedule({ pipeline }));
  output.data(detail);
  const { state, times, note, nextTimes, differences, ticks } = detail;
  output.text(`${pipeline}  ${state}  ${times}${note === null ? '' : `\n${note}`}`);
  for (const { field, before, after } of differences) output.text(`  to apply: ${field}: ${before} → ${after}`);
  if (nextTimes.length > 0) output.text(`next (UTC): ${nextTimes.map(shortTime).join(', ')}`);
  if (ticks.length > 0)
    output.text(`\n${plainTable(['time (UTC)', 'partition', 'by', 'came to', 'run or reason'], ticks.map(tickCells), 5)}`);
  return EXIT.ok;
}

function tickCells(tick: Tick): string[] {
  const { scheduledAt, partition, kind, by, workflowId, reason } = tick;
  const asked = kind === 'schedule' ? 'schedule' : `${kind} of ${by ?? ''}`;
  return [shortTime(scheduledAt), partition ?? '', asked, cameTo(tick), reason ?? workflowId ?? ''];
}

/** @throws TerminalError PIPELINE_UNKNOWN, SCHEDULE_UNKNOWN, SCHEDULE_FOREIGN */
export async function pause(
  context: CommandContext,
  pipeline: string,
  { reason }: { readonly reason?: string },
): Promise<number> {
  return tellState(context, await withOperations(context, ({ pauseSchedule }) => pauseSchedule({ pipeline, reason })));
}

/** @throws TerminalError PIPELINE_UNKNOWN, SCHEDULE_UNKNOWN, SCHEDULE_FOREIGN */
export async function resume(
  context: CommandContext,
  pipeline: string,
  { reason }: { readonly reason?: string },
): Promise<number> {
  return tellState(context, await withOperations(context, ({ resumeSchedule }) => resumeSchedule({ pipeline, reason })));
}

function tellState({ output }: CommandContext, schedule: Schedule): number {
  output.data(schedule);
  const { pipeline, state, note, nextTimes } = schedule;
  output.text(`The schedule of ${pipeline} is ${state}${note === null ? '' : ` (${note})`}.`);
  if (nextTimes[0] !== undefined) output.text(`Its next time is ${shortTime(nextTimes[0])} UTC.`);
  return EXIT.ok;
}

/** @throws TerminalError PIPELINE_UNKNOWN, SCHEDULE_UNKNOWN */
export async function trigger(context: CommandContext, pipeline: string): Promise<number> {
  const { output } = context;
  const result = await withOperations(context, ({ triggerSchedule }) => triggerSchedule({ pipeline }));
  output.data(result);
  output.text(`Starting ${pipeline} for ${shortTime(result.scheduledAt)} UTC, by ${result.workflowId}.`);
  if (!result.worker) output.warn(noWorker(taskQueueOf(result.workflowId)));
  output.text(`Look at what it came to with: millrace schedules show ${pipeline}`);
  return EXIT.ok;
}

/** Lists missed times of one schedule, or of all. @throws TerminalError PIPELINE_UNKNOWN, SCHEDULE_UNKNOWN, SCHEDULE_RANGE */
export async function missed(context: CommandContext, pipeline: string | undefined, options: RangeOptions): Promise<number> {
  const { output } = context;
  const rows: string[][] = [];
  await withOperations(context, async (operations) => {
    for (const name of pipeline === undefined ? await applied(operations) : [pipeline]) {
      const { items } = await operations.listMissedTimes({ pipeline: name, from: options.from, to: options.to });
      for (const item of items) {
        output.data({ pipeline: name, ...item });
        rows.push([name, shortTime(item.scheduledAt), item.partition ?? '', item.why, item.reason]);
      }
    }
  });
  if (rows.length === 0) output.text('Nothing was missed.');
  else output.text(plainTable(['pipeline', 'time (UTC)', 'partition', 'why', 'reason'], rows, 5));
  return EXIT.ok;
}

async function applied({ listSchedules }: Operations): Promise<string[]> {
  const { items } = await listSchedules({});
  return items.filter(({ state }) => state === 'active' || state === 'paused').map(({ pipeline }) => pipeline);
}

/** @throws TerminalError PIPELINE_UNKNOWN, SCHEDULE_UNKNOWN, SCHEDULE_RANGE, SCHEDULE_FILLING */
export async function fill(context: CommandContext, pipeline: string, options: RangeOptions): Promise<number> {
  const { output } = context;
  const { from, to } = options;
  const result = await withOperations(context, ({ fillMissedTimes }) => fillMissedTimes({ pipeline, from, to }));
  output.data(result);
  const { times, workflowId, worker } = result;
  if (workflowId === null) {
    output.text(`${pipeline} has missed nothing.`);
    return EXIT.ok;
  }
  const first = shortTime(times[0] ?? null);
  const range = times.length === 1 ? first : `${first} to ${shortTime(times.at(-1) ?? null)}`;
  output.text(
    `Starting ${times.length} missed run${times.length === 1 ? '' : 's'} of ${pipeline} (${range} UTC), one after another, by ${workflowId}.`,
  );
  if (!worker) output.warn(noWorker(taskQueueOf(workflowId)));
  output.text(`Look at what they came to with: millrace schedules show ${pipeline}`);
  return EXIT.ok;
}

/** Of `millrace/queue/pipeline/fill`. */
function taskQueueOf(workflowId: string): string {
  return workflowId.split('/').slice(1, -2).join('/');
}
