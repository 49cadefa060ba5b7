import type { SchedulePause } from '../catalog/index.js';
import { MillraceError } from '../core/errors.js';
import type { ScheduleTick } from '../core/schedule.js';
import type { TemporalClient } from '../temporal/connect.js';
import { describeRun, type RunDescription } from '../temporal/describe-run.js';
import type { TemporalSchedule } from '../temporal/schedules.js';
import { spanText } from './words.js';

/** A time for which no run was started. */
export interface MissedTime {
  readonly scheduledAt: string;
  readonly partition: string | null;
  readonly why: 'paused' | 'overlap' | 'skipped' | 'refused' | 'waiting' | 'start failed' | 'not made yet' | 'not started';
  readonly reason: string;
}

interface Known {
  readonly there: TemporalSchedule;
  readonly time: Date;
  /** What became of the time, where its start got so far. */
  readonly tick: ScheduleTick | undefined;
  /** Of this time and those around it. */
  readonly ticks: readonly ScheduleTick[];
  readonly pauses: readonly SchedulePause[];
  /** An earlier time whose start waits for a worker. */
  readonly waiting: string | undefined;
}

/** Why nothing was started for a time, as far as anybody knows. */
export async function whyNotStarted(temporal: TemporalClient, known: Known): Promise<Omit<MissedTime, 'partition'>> {
  const { there, time, tick } = known;
  const scheduledAt = time.toISOString();
  const told = (why: MissedTime['why'], reason: string) => ({ scheduledAt, why, reason });
  if (tick) return told(tick.outcome === 'refused' ? 'refused' : 'skipped', tick.reason ?? '');
  if (scheduledAt < there.createdAt) return told('not made yet', `The schedule was made at ${there.createdAt}.`);
  const starter = await starterOf(temporal, there.id, scheduledAt);
  if (starter) return starter.state === 'running' ? told('waiting', waitsFor(starter)) : told('start failed', endOf(starter));
  const paused = pausedAt(known, scheduledAt);
  if (paused !== undefined) return told('paused', paused);
  const busy = busyAt(known, scheduledAt);
  if (busy) return told('overlap', overlapText(busy, there));
  if (known.waiting !== undefined && keepsOthersOut(there)) {
    return told('overlap', `The start of ${known.waiting} waits for a worker, and overlap is ${there.settings.overlap}.`);
  }
  const { catchUpMs } = there.settings;
  return told(
    'not started',
    `Temporal started nothing for it: the server was down, and for longer than the ${spanText(catchUpMs)} that it makes up for; or the schedule was paused in Temporal, or had other times then.`,
  );
}

async function starterOf(temporal: TemporalClient, id: string, scheduledAt: string): Promise<RunDescription | undefined> {
  try {
    return await describeRun(temporal, { workflowId: `${id}-${scheduledAt.slice(0, 19)}Z` });
  } catch (error) {
    if (error instanceof MillraceError && error.code === 'RUN_UNKNOWN') return undefined;
    throw error;
  }
}

function waitsFor({ workflowId, taskQueue }: RunDescription): string {
  return `Its start (${workflowId}) has begun and waits for a worker of task queue "${taskQueue}", or for the catalog.`;
}

function endOf({ workflowId, state }: RunDescription): string {
  return `Its start (${workflowId}) was ${state} before it had started a run.`;
}

function pausedAt({ there, pauses }: Known, at: string): string | undefined {
  const pause = pauses.find(({ pausedAt: from, resumedAt }) => from <= at && (resumedAt === null || resumedAt > at));
  if (pause)
    return `The schedule was paused at ${pause.pausedAt} by ${pause.by}${pause.reason === null ? '' : `: ${pause.reason}`}.`;
  const isOpen = pauses.some(({ resumedAt }) => resumedAt === null);
  if (!there.paused || isOpen) return undefined;
  // Who pauses it in Temporal leaves a note, and no time.
  return `The schedule is paused in Temporal${there.note === null ? '' : `: ${there.note}`}. Since when, Temporal does not tell.`;
}

function busyAt({ ticks, there }: Known, at: string): ScheduleTick | undefined {
  if (!keepsOthersOut(there)) return undefined;
  return ticks.find(
    ({ kind, outcome, scheduledAt, endedAt }) =>
      kind === 'schedule' && outcome === 'started' && scheduledAt < at && (endedAt === null || endedAt > at),
  );
}

function keepsOthersOut({ settings }: TemporalSchedule): boolean {
  return settings.overlap === 'skip' || settings.overlap === 'bufferOne';
}

function overlapText({ scheduledAt, workflowId, endedAt }: ScheduleTick, { settings }: TemporalSchedule): string {
  const until = endedAt === null ? 'is still going' : `went on until ${endedAt}`;
  return `The run of ${scheduledAt} (${workflowId}) ${until}, and overlap is ${settings.overlap}.`;
}
