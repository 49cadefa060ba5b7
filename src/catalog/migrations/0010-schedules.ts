import type { Kysely, Migration } from 'kysely';

/** What became of the times of schedules, and when schedules were paused. Neither is a projection: nothing else keeps it. */
export const schedules: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await db.schema
      .createTable('schedule_ticks')
      .addColumn('schedule', 'text', (column) => column.notNull())
      .addColumn('scheduled_at', 'text', (column) => column.notNull())
      .addColumn('starter_run_id', 'text', (column) => column.notNull())
      .addColumn('pipeline', 'text', (column) => column.notNull())
      .addColumn('kind', 'text', (column) => column.notNull())
      .addColumn('by', 'text')
      .addColumn('partition', 'text')
      .addColumn('outcome', 'text', (column) => column.notNull())
      .addColumn('code', 'text')
      .addColumn('reason', 'text')
      .addColumn('workflow_id', 'text')
      .addColumn('run_id', 'text')
      .addColumn('decided_at', 'text', (column) => column.notNull())
      .addColumn('ended_at', 'text')
      .addColumn('ended', 'text')
      .addPrimaryKeyConstraint('schedule_ticks_pk', ['schedule', 'scheduled_at', 'starter_run_id'])
      .execute();
    await db.schema
      .createTable('schedule_pauses')
      .addColumn('schedule', 'text', (column) => column.notNull())
      .addColumn('paused_at', 'text', (column) => column.notNull())
      .addColumn('by', 'text', (column) => column.notNull())
      .addColumn('reason', 'text')
      .addColumn('resumed_at', 'text')
      .addColumn('resumed_by', 'text')
      .addPrimaryKeyConstraint('schedule_pauses_pk', ['schedule', 'paused_at'])
      .execute();
  },
};
