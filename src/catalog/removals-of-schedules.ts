import type { CatalogSession } from './tables.js';

/*
 * What became of schedules' times. Without it a time looks as if it had been missed: so it is noted up to when that holds.
 */

/**
 * Removes what became of times before. The last time of each schedule stays, for whoever looks at it, and that of a run that
 * goes on, which may be what keeps later ones from starting.
 */
export async function removeTicks(db: CatalogSession, before: string, limit: number): Promise<Record<string, number>> {
  const old = await db
    .selectFrom('schedule_ticks as tick')
    .select(['tick.schedule', 'tick.scheduled_at', 'tick.starter_run_id'])
    .where((row) => row.fn.coalesce('tick.ended_at', row.ref('tick.decided_at')), '<', before)
    .where((row) =>
      row.exists(
        row
          .selectFrom('schedule_ticks as later')
          .select('later.schedule')
          .whereRef('later.schedule', '=', 'tick.schedule')
          .whereRef('later.scheduled_at', '>', 'tick.scheduled_at'),
      ),
    )
    .where((row) =>
      row.not(
        row.exists(
          row
            .selectFrom('runs')
            .select('runs.run_id')
            .whereRef('runs.workflow_id', '=', 'tick.workflow_id')
            .whereRef('runs.run_id', '=', 'tick.run_id')
            .where('runs.finished_at', 'is', null),
        ),
      ),
    )
    .orderBy('tick.schedule')
    .orderBy('tick.scheduled_at')
    .limit(limit)
    .execute();
  for (const { schedule, scheduled_at: at, starter_run_id: starter } of old) {
    await db
      .deleteFrom('schedule_ticks')
      .where('schedule', '=', schedule)
      .where('scheduled_at', '=', at)
      .where('starter_run_id', '=', starter)
      .execute();
    await forget(db, schedule, at);
  }
  return old.length === 0 ? {} : { schedule_ticks: old.length };
}

/** Removes pauses that were over before. The last one of each stays: whether it is over tells whether the schedule is paused. */
export async function removePauses(db: CatalogSession, before: string, limit: number): Promise<Record<string, number>> {
  const old = await db
    .selectFrom('schedule_pauses as pause')
    .select(['pause.schedule', 'pause.paused_at', 'pause.resumed_at'])
    .where('pause.resumed_at', '<', before)
    .where((row) =>
      row.exists(
        row
          .selectFrom('schedule_pauses as later')
          .select('later.schedule')
          .whereRef('later.schedule', '=', 'pause.schedule')
          .whereRef('later.paused_at', '>', 'pause.paused_at'),
      ),
    )
    .orderBy('pause.schedule')
    .orderBy('pause.paused_at')
    .limit(limit)
    .execute();
  for (const { schedule, paused_at: pausedAt, resumed_at: resumedAt } of old) {
    await db.deleteFrom('schedule_pauses').where('schedule', '=', schedule).where('paused_at', '=', pausedAt).execute();
    await forget(db, schedule, resumedAt ?? pausedAt);
  }
  return old.length === 0 ? {} : { schedule_pauses: old.length };
}

async function forget(db: CatalogSession, schedule: string, at: string): Promise<void> {
  await db
    .insertInto('schedule_horizons')
    .values({ schedule, forgotten_until: at })
    .onConflict((conflict) =>
      conflict.column('schedule').doUpdateSet({ forgotten_until: at }).where('schedule_horizons.forgotten_until', '<', at),
    )
    .execute();
}
