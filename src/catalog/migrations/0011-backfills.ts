import type { Kysely, Migration } from 'kysely';

/** Backfills, and the partitions of each. */
export const backfills: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await db.schema
      .createTable('backfills')
      .addColumn('backfill', 'text', (column) => column.primaryKey())
      .addColumn('pipeline', 'text', (column) => column.notNull())
      .addColumn('first_partition', 'text', (column) => column.notNull())
      .addColumn('last_partition', 'text', (column) => column.notNull())
      .addColumn('request', 'text', (column) => column.notNull())
      .addColumn('by', 'text', (column) => column.notNull())
      .addColumn('status', 'text', (column) => column.notNull())
      .addColumn('started_at', 'text', (column) => column.notNull())
      .addColumn('finished_at', 'text')
      .addColumn('change', 'integer', (column) => column.notNull())
      .addColumn('error_code', 'text')
      .addColumn('error_message', 'text')
      .execute();
    await db.schema.createIndex('backfills_by_start').on('backfills').columns(['started_at', 'backfill']).execute();
    await db.schema
      .createTable('backfill_partitions')
      .addColumn('backfill', 'text', (column) => column.notNull())
      .addColumn('partition', 'text', (column) => column.notNull())
      .addColumn('status', 'text', (column) => column.notNull())
      .addColumn('run_id', 'text')
      .addColumn('attempts', 'integer', (column) => column.notNull())
      .addColumn('change', 'integer', (column) => column.notNull())
      .addColumn('changed_at', 'text', (column) => column.notNull())
      .addColumn('error_code', 'text')
      .addColumn('error_message', 'text')
      .addColumn('note', 'text')
      .addPrimaryKeyConstraint('backfill_partitions_pk', ['backfill', 'partition'])
      .execute();
    await db.schema.createIndex('runs_by_partition').on('runs').columns(['pipeline', 'partition', 'started_at']).execute();
  },
};
