import type { Kysely, Migration } from 'kysely';

/** Up to which time it is no longer known what a schedule's times came to: housekeeping has removed that. */
export const scheduleHorizons: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await db.schema
      .createTable('schedule_horizons')
      .addColumn('schedule', 'text', (column) => column.primaryKey())
      .addColumn('forgotten_until', 'text', (column) => column.notNull())
      .execute();
  },
};
