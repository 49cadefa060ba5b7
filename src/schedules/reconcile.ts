import type { PipelineConfig } from '../config/project.js';
import type { ScheduleSettings } from '../core/schedule.js';
import type { TemporalClient } from '../temporal/connect.js';
import {
  createSchedule,
  deleteSchedule,
  describeSchedule,
  listOwnSchedules,
  updateSchedule,
  type TemporalSchedule,
} from '../temporal/schedules.js';
import { differences, type ScheduleDifference } from './difference.js';
import { scheduleId, settingsOf, startOf } from './settings.js';
import { describeTimes } from './words.js';

/** What `millrace apply` does, or would do, with one schedule. */
export interface ScheduleChange {
  readonly pipeline: string;
  readonly id: string;
  readonly change: 'created' | 'changed' | 'removed' | 'unchanged' | 'refused';
  /** When it comes, in words. */
  readonly times: string;
  readonly differences: readonly ScheduleDifference[];
  /** What one should know besides. */
  readonly note: string | null;
}

/** What the schedules of a project are reconciled from. */
export interface ScheduledProject {
  readonly pipelines: Readonly<Record<string, PipelineConfig>>;
  readonly taskQueue: string;
}

/** A change with what it takes to make it. */
interface PlannedChange extends ScheduleChange {
  readonly make: (temporal: TemporalClient) => Promise<void>;
}

/** Compares the schedules of the config with those that Temporal has of this project. Changes nothing. */
export async function planSchedules(temporal: TemporalClient, project: ScheduledProject): Promise<PlannedChange[]> {
  const { pipelines, taskQueue } = project;
  const planned: PlannedChange[] = [];
  for (const [pipeline, config] of Object.entries(pipelines)) {
    const wanted = settingsOf(config);
    if (!wanted) continue;
    const id = scheduleId(taskQueue, pipeline);
    const there = await describeSchedule(temporal, id);
    planned.push(there ? planChange(there, pipeline, wanted, taskQueue) : planCreation(id, pipeline, wanted, taskQueue));
  }
  const needed = new Set(planned.map(({ id }) => id));
  for (const { id } of await listOwnSchedules(temporal, taskQueue)) {
    // A schedule that was removed a moment ago may still be listed.
    const there = needed.has(id) ? undefined : await describeSchedule(temporal, id);
    if (there && there.owner === taskQueue) planned.push(planRemoval(there, taskQueue));
  }
  return planned;
}

/** Makes the planned changes. One that fails ends it: calling it again goes on from there. */
export async function applySchedules(temporal: TemporalClient, planned: readonly PlannedChange[]): Promise<void> {
  for (const { make } of planned) await make(temporal);
}

const nothing = async (): Promise<void> => undefined;

function planCreation(id: string, pipeline: string, settings: ScheduleSettings, taskQueue: string): PlannedChange {
  const wanted = { settings, taskQueue, start: startOf(taskQueue, pipeline, settings) };
  return {
    pipeline,
    id,
    change: 'created',
    times: describeTimes(settings),
    differences: [],
    note: settings.paused ? 'paused by the config' : null,
    // Whoever made it meanwhile is another apply; the next one tells whether it is as it should be.
    make: async (temporal) => void (await createSchedule(temporal, id, wanted)),
  };
}

function planChange(there: TemporalSchedule, pipeline: string, settings: ScheduleSettings, taskQueue: string): PlannedChange {
  const { id } = there;
  const known = { pipeline, id, times: describeTimes(settings) };
  if (there.owner !== taskQueue) {
    const note = `a schedule of this id is there that Millrace has not made (${there.action}); it is left alone. Remove or rename it, or give the project another task queue`;
    return { ...known, change: 'refused', differences: [], note, make: nothing };
  }
  const found = differences(there, settings, taskQueue);
  const isPauseWanted = there.appliedPaused !== settings.paused;
  const paused = isPauseWanted ? settings.paused : there.paused;
  const note = isPauseWanted || there.paused === settings.paused ? null : pauseNote(there);
  if (found.length === 0) return { ...known, change: 'unchanged', differences: [], note, make: nothing };
  const wanted = { settings, taskQueue, start: startOf(taskQueue, pipeline, settings) };
  const told = isPauseWanted ? (settings.paused ? 'paused by the config' : null) : there.note;
  const make = (temporal: TemporalClient): Promise<void> => updateSchedule(temporal, id, wanted, { paused, note: told });
  return { ...known, change: 'changed', differences: found, note, make };
}

function pauseNote({ paused, note }: TemporalSchedule): string {
  const told = note === null ? '' : ` (${note})`;
  return paused ? `paused by an operator${told}: it stays paused` : `resumed by an operator${told}: it stays active`;
}

function planRemoval(there: TemporalSchedule, taskQueue: string): PlannedChange {
  const { id, settings } = there;
  return {
    pipeline: id.slice(scheduleId(taskQueue, '').length),
    id,
    change: 'removed',
    times: describeTimes(settings),
    differences: [],
    note: null,
    make: (temporal) => deleteSchedule(temporal, id),
  };
}
