import type { Kysely, Migration } from 'kysely';

/** What people were asked before runs went on, and who answered what. No projection: nothing else keeps it for good. */
export const approvals: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await db.schema
      .createTable('approvals')
      .addColumn('workflow_id', 'text', (column) => column.notNull())
      .addColumn('run_id', 'text', (column) => column.notNull())
      .addColumn('step', 'text', (column) => column.notNull())
      .addColumn('change', 'integer', (column) => column.notNull())
      .addColumn('pipeline', 'text', (column) => column.notNull())
      .addColumn('partition', 'text')
      .addColumn('title', 'text', (column) => column.notNull())
      .addColumn('details', 'text')
      .addColumn('roles', 'text', (column) => column.notNull())
      .addColumn('needed', 'integer', (column) => column.notNull())
      .addColumn('four_eyes', 'integer', (column) => column.notNull())
      .addColumn('on_expiry', 'text', (column) => column.notNull())
      .addColumn('since', 'text', (column) => column.notNull())
      .addColumn('expires_at', 'text')
      .addColumn('status', 'text', (column) => column.notNull())
      .addColumn('answers', 'text', (column) => column.notNull())
      .addColumn('taken_from', 'text')
      .addColumn('ended_at', 'text')
      .addPrimaryKeyConstraint('approvals_pk', ['workflow_id', 'run_id', 'step'])
      .execute();
    await db.schema.createIndex('approvals_by_status').on('approvals').columns(['status', 'since', 'run_id']).execute();
    await db.schema.alterTable('tokens').addColumn('groups', 'text').execute();
  },
};
