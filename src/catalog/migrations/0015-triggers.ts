import type { Kysely, Migration } from 'kysely';

/**
 * What triggers decided and why, and what those who look for loads and files have seen. None of it is a projection: nothing
 * else keeps it.
 */
export const triggers: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await db.schema
      .createTable('trigger_evaluations')
      .addColumn('trigger', 'text', (column) => column.notNull())
      .addColumn('id', 'text', (column) => column.notNull())
      .addColumn('last_id', 'text', (column) => column.notNull())
      .addColumn('pipeline', 'text', (column) => column.notNull())
      .addColumn('kind', 'text', (column) => column.notNull())
      .addColumn('partition', 'text')
      .addColumn('first_at', 'text', (column) => column.notNull())
      .addColumn('at', 'text', (column) => column.notNull())
      .addColumn('times', 'bigint', (column) => column.notNull())
      .addColumn('outcome', 'text', (column) => column.notNull())
      .addColumn('code', 'text')
      .addColumn('reason', 'text')
      .addColumn('inputs', 'text', (column) => column.notNull())
      .addColumn('workflow_id', 'text')
      .addColumn('run_id', 'text')
      .addPrimaryKeyConstraint('trigger_evaluations_pk', ['trigger', 'id'])
      .execute();
    await db.schema
      .createIndex('trigger_evaluations_last')
      .on('trigger_evaluations')
      .columns(['trigger', 'kind', 'partition', 'last_id'])
      .execute();
    await db.schema.createIndex('trigger_evaluations_latest').on('trigger_evaluations').columns(['trigger', 'last_id']).execute();
    await db.schema
      .createTable('trigger_marks')
      .addColumn('name', 'text', (column) => column.primaryKey())
      .addColumn('value', 'text', (column) => column.notNull())
      .addColumn('saved_at', 'text', (column) => column.notNull())
      .execute();
  },
};
