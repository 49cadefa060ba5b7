import type { Kysely, Migration } from 'kysely';

/** How loads changed the columns of their targets, and how many rows they deleted by a flag. */
export const schemaChanges: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await db.schema.alterTable('loads').addColumn('deleted', 'bigint').execute();
    await db.schema
      .createTable('schema_changes')
      .addColumn('load_id', 'text', (column) => column.notNull())
      .addColumn('content', 'text', (column) => column.notNull())
      .addColumn('position', 'integer', (column) => column.notNull())
      .addColumn('target', 'text', (column) => column.notNull())
      .addColumn('change', 'text', (column) => column.notNull())
      .addColumn('column', 'text', (column) => column.notNull())
      .addColumn('from_type', 'text')
      .addColumn('to_type', 'text')
      .addColumn('rows', 'bigint')
      .addPrimaryKeyConstraint('schema_changes_pk', ['load_id', 'content', 'position'])
      .execute();
    await db.schema.createIndex('schema_changes_by_target').on('schema_changes').column('target').execute();
  },
};
