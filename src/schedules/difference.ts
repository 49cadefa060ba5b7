import { canonicalJson } from '../core/canonical-json.js';
import { START_WORKFLOW, type ScheduleSettings } from '../core/schedule.js';
import type { TemporalSchedule } from '../temporal/schedules.js';
import { describeSetting } from './words.js';

/** One thing that is other in Temporal than in the config, in words. */
export interface ScheduleDifference {
  readonly field: string;
  readonly before: string;
  readonly after: string;
}

const FIELDS = [
  'cron',
  'everyMs',
  'offsetMs',
  'timezone',
  'overlap',
  'catchUpMs',
  'jitterMs',
  'start',
  'end',
  'partitionOf',
  'params',
] as const satisfies readonly (keyof ScheduleSettings)[];

/** What the fields of the settings are called in the config. */
const NAMES: Readonly<Partial<Record<keyof ScheduleSettings, string>>> = {
  everyMs: 'every',
  offsetMs: 'offset',
  catchUpMs: 'catchUp',
  jitterMs: 'jitter',
};

/**
 * How a schedule of Temporal's differs from what the config wants. Whether it is paused counts only where the config says
 * something else than when it was applied: else it is for those who operate it.
 */
export function differences(there: TemporalSchedule, wanted: ScheduleSettings, taskQueue: string): readonly ScheduleDifference[] {
  const found = FIELDS.filter((field) => canonicalJson(there.settings[field]) !== canonicalJson(wanted[field])).map((field) => ({
    field: NAMES[field] ?? field,
    before: describeSetting(field, there.settings),
    after: describeSetting(field, wanted),
  }));
  const action = `${START_WORKFLOW} on ${taskQueue} as ${there.id}`;
  const starts = there.action === action ? [] : [{ field: 'starts', before: there.action, after: action }];
  const paused =
    there.appliedPaused === wanted.paused
      ? []
      : [{ field: 'paused', before: there.paused ? 'paused' : 'active', after: wanted.paused ? 'paused' : 'active' }];
  return [...found, ...starts, ...paused];
}
