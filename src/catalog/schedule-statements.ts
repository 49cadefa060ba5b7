import type { Selectable } from 'kysely';
import type { ScheduleTick } from '../core/schedule.js';
import type { CatalogDatabase } from './database.js';
import type { ScheduleTicksTable } from './schedule-tables.js';
import type { CatalogSession } from './tables.js';

/** A span of time in which a schedule was paused. */
export interface SchedulePause {
  readonly schedule: string;
  readonly pausedAt: string;
  readonly by: string;
  readonly reason: string | null;
  readonly resumedAt: string | null;
  readonly resumedBy: string | null;
}

export interface TickFilter {
  readonly schedule: string;
  /** ISO: times from here on. @default all */
  readonly from?: string;
  /** ISO: and before this. @default all */
  readonly until?: string;
  readonly limit?: number;
}

/** What the catalog keeps of schedules. It is no projection: nothing else knows of it for long. */
export interface ScheduleRecords {
  /** What became of one of a schedule's times; told again when its run has ended. */
  recordTick(tick: ScheduleTick): Promise<void>;
  /** The latest time first, and of one time the latest decision first. */
  listTicks(filter: TickFilter): Promise<ScheduleTick[]>;
  recordSchedulePause(pause: Omit<SchedulePause, 'resumedAt' | 'resumedBy'>): Promise<void>;
  recordScheduleResume(schedule: string, resumedAt: string, by: string): Promise<void>;
  /** Latest first. */
  listSchedulePauses(schedule: string): Promise<SchedulePause[]>;
  /** ISO: what times up to this one came to, housekeeping has removed in part; null where everything is there. */
  scheduleForgottenUntil(schedule: string): Promise<string | null>;
}

export function scheduleRecords(database: CatalogDatabase): ScheduleRecords {
  return {
    recordTick: (tick) => database.write((db) => recordTick(db, tick)),
    listTicks: (filter) => database.read((db) => listTicks(db, filter)),
    recordSchedulePause: (pause) => database.write((db) => recordPause(db, pause)),
    recordScheduleResume: (schedule, at, by) => database.write((db) => recordResume(db, schedule, at, by)),
    listSchedulePauses: (schedule) => database.read((db) => listPauses(db, schedule)),
    scheduleForgottenUntil: (schedule) => database.read((db) => forgottenUntil(db, schedule)),
  };
}

/** Writes what became of a time. Told again, with the end of its run, it is the same tick. */
async function recordTick(db: CatalogSession, tick: ScheduleTick): Promise<void> {
  const row: Selectable<ScheduleTicksTable> = {
    schedule: tick.schedule,
    scheduled_at: tick.scheduledAt,
    starter_run_id: tick.starterRunId,
    pipeline: tick.pipeline,
    kind: tick.kind,
    by: tick.by,
    partition: tick.partition,
    outcome: tick.outcome,
    code: tick.code,
    reason: tick.reason,
    workflow_id: tick.workflowId,
    run_id: tick.runId,
    decided_at: tick.decidedAt,
    ended_at: tick.endedAt,
    ended: tick.ended,
  };
  await db
    .insertInto('schedule_ticks')
    .values(row)
    .onConflict((conflict) => conflict.columns(['schedule', 'scheduled_at', 'starter_run_id']).doUpdateSet(row))
    .execute();
}

/**
 * What became of a schedule's times, the latest time first, and of one time the latest decision first. A start that was
 * terminated, as with `overlap: 'terminateOther'`, has not told how its run ended: the run's own row does.
 */
async function listTicks(db: CatalogSession, { schedule, from, until, limit }: TickFilter): Promise<ScheduleTick[]> {
  let query = db
    .selectFrom('schedule_ticks')
    .leftJoin('runs', (on) =>
      on
        .onRef('runs.workflow_id', '=', 'schedule_ticks.workflow_id')
        .onRef('runs.run_id', '=', 'schedule_ticks.run_id')
        .on('runs.status', '<>', 'continued'),
    )
    .selectAll('schedule_ticks')
    .select(['runs.status as run_status', 'runs.finished_at as run_finished_at'])
    .where('schedule', '=', schedule);
  if (from !== undefined) query = query.where('scheduled_at', '>=', from);
  if (until !== undefined) query = query.where('scheduled_at', '<', until);
  if (limit !== undefined) query = query.limit(limit);
  const rows = await query.orderBy('scheduled_at', 'desc').orderBy('decided_at', 'desc').execute();
  return rows.map(toTick);
}

/** Writes that a schedule is paused from now on. */
async function recordPause(db: CatalogSession, pause: Omit<SchedulePause, 'resumedAt' | 'resumedBy'>): Promise<void> {
  const { schedule, pausedAt, by, reason } = pause;
  await db
    .insertInto('schedule_pauses')
    .values({ schedule, paused_at: pausedAt, by, reason, resumed_at: null, resumed_by: null })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

/** Writes that whatever pauses a schedule had end now. */
async function recordResume(db: CatalogSession, schedule: string, resumedAt: string, by: string): Promise<void> {
  await db
    .updateTable('schedule_pauses')
    .set({ resumed_at: resumedAt, resumed_by: by })
    .where('schedule', '=', schedule)
    .where('resumed_at', 'is', null)
    .execute();
}

/** The pauses of a schedule, latest first. */
async function listPauses(db: CatalogSession, schedule: string): Promise<SchedulePause[]> {
  const rows = await db
    .selectFrom('schedule_pauses')
    .selectAll()
    .where('schedule', '=', schedule)
    .orderBy('paused_at', 'desc')
    .execute();
  return rows.map((row) => ({
    schedule: row.schedule,
    pausedAt: row.paused_at,
    by: row.by,
    reason: row.reason,
    resumedAt: row.resumed_at,
    resumedBy: row.resumed_by,
  }));
}

async function forgottenUntil(db: CatalogSession, schedule: string): Promise<string | null> {
  const row = await db
    .selectFrom('schedule_horizons')
    .select('forgotten_until')
    .where('schedule', '=', schedule)
    .executeTakeFirst();
  return row?.forgotten_until ?? null;
}

type TickRow = Selectable<ScheduleTicksTable> & {
  readonly run_status: string | null;
  readonly run_finished_at: string | null;
};

function toTick(row: TickRow): ScheduleTick {
  const untold = row.ended_at === null && row.run_finished_at !== null;
  return {
    schedule: row.schedule,
    pipeline: row.pipeline,
    scheduledAt: row.scheduled_at,
    kind: row.kind as ScheduleTick['kind'],
    by: row.by,
    partition: row.partition,
    outcome: row.outcome as ScheduleTick['outcome'],
    code: row.code,
    reason: row.reason,
    workflowId: row.workflow_id,
    runId: row.run_id,
    starterRunId: row.starter_run_id,
    decidedAt: row.decided_at,
    endedAt: row.ended_at ?? row.run_finished_at,
    ended: untold ? endOf(row.run_status) : (row.ended as ScheduleTick['ended']),
  };
}

function endOf(status: string | null): ScheduleTick['ended'] {
  return status === 'completed' || status === 'cancelled' ? status : 'failed';
}
