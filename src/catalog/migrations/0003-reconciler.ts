import type { Kysely, Migration } from 'kysely';

/** What the reconciler needs: the namespace of each run, and a lease by which workers agree who does it. */
export const reconciler: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await db.schema.alterTable('runs').addColumn('namespace', 'text').execute();
    await db.schema.createIndex('runs_by_status').on('runs').columns(['status', 'namespace']).execute();
    await db.schema
      .createTable('leases')
      .addColumn('name', 'text', (column) => column.primaryKey())
      .addColumn('holder', 'text', (column) => column.notNull())
      .addColumn('beat', 'integer', (column) => column.notNull())
      .execute();
  },
};
