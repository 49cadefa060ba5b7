import type { Kysely, Migration } from 'kysely';

/** How each pool last stood. */
export const pools: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await db.schema
      .createTable('pools')
      .addColumn('pool_id', 'text', (column) => column.primaryKey())
      .addColumn('pool', 'text', (column) => column.notNull())
      .addColumn('run_id', 'text', (column) => column.notNull())
      .addColumn('slots', 'integer', (column) => column.notNull())
      .addColumn('held', 'text', (column) => column.notNull())
      .addColumn('queued', 'text', (column) => column.notNull())
      .addColumn('queued_in_all', 'integer', (column) => column.notNull())
      .addColumn('change', 'integer', (column) => column.notNull())
      .addColumn('told_at', 'text', (column) => column.notNull())
      .execute();
  },
};
