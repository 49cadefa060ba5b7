import type { ScheduleTick } from '../core/schedule.js';
import type { CatalogDatabase } from './database.js';
import {
  listPauses,
  listTicks,
  recordPause,
  recordResume,
  recordTick,
  type SchedulePause,
  type TickFilter,
} from './schedule-statements.js';

/** What came of the times of schedules, and their pauses: records, which nothing else knows. */
export interface ScheduleRecords {
  /** What became of one of a schedule's times; told again when its run has ended. No projection. */
  recordTick(tick: ScheduleTick): Promise<void>;
  /** The latest time first, and of one time the latest decision first. */
  listTicks(filter: TickFilter): Promise<ScheduleTick[]>;
  recordSchedulePause(pause: Omit<SchedulePause, 'resumedAt' | 'resumedBy'>): Promise<void>;
  recordScheduleResume(schedule: string, resumedAt: string, by: string): Promise<void>;
  /** Latest first. */
  listSchedulePauses(schedule: string): Promise<SchedulePause[]>;
}

export function scheduleRecords(database: CatalogDatabase): ScheduleRecords {
  return {
    recordTick: (tick) => database.write((db) => recordTick(db, tick)),
    listTicks: (filter) => database.read((db) => listTicks(db, filter)),
    recordSchedulePause: (pause) => database.write((db) => recordPause(db, pause)),
    recordScheduleResume: (schedule, at, by) => database.write((db) => recordResume(db, schedule, at, by)),
    listSchedulePauses: (schedule) => database.read((db) => listPauses(db, schedule)),
  };
}
