import type { Kysely, Migration } from 'kysely';

/** What people are to be told, once for each key. */
export const alerts: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await db.schema
      .createTable('alerts')
      .addColumn('key', 'text', (column) => column.primaryKey())
      .addColumn('kind', 'text', (column) => column.notNull())
      .addColumn('severity', 'text', (column) => column.notNull())
      .addColumn('title', 'text', (column) => column.notNull())
      .addColumn('text', 'text', (column) => column.notNull())
      .addColumn('pipeline', 'text')
      .addColumn('partition', 'text')
      .addColumn('workflow_id', 'text')
      .addColumn('run_id', 'text')
      .addColumn('at', 'text', (column) => column.notNull())
      .addColumn('details', 'text')
      .execute();
    await db.schema.createIndex('alerts_at').on('alerts').columns(['at', 'key']).execute();
  },
};
