import type { Kysely, Migration } from 'kysely';

/** What people did to runs, what holds them, steps that were skipped, and with which code a run began. */
export const runFacts: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await db.schema
      .createTable('run_decisions')
      .addColumn('workflow_id', 'text', (column) => column.notNull())
      .addColumn('run_id', 'text', (column) => column.notNull())
      .addColumn('number', 'integer', (column) => column.notNull())
      .addColumn('action', 'text', (column) => column.notNull())
      .addColumn('step', 'text')
      .addColumn('dataset', 'text')
      .addColumn('by', 'text', (column) => column.notNull())
      .addColumn('reason', 'text')
      .addColumn('at', 'text', (column) => column.notNull())
      .addPrimaryKeyConstraint('run_decisions_pk', ['workflow_id', 'run_id', 'number'])
      .execute();
    await db.schema
      .createTable('run_holds')
      .addColumn('workflow_id', 'text', (column) => column.notNull())
      .addColumn('run_id', 'text', (column) => column.notNull())
      .addColumn('number', 'integer', (column) => column.notNull())
      .addColumn('holds', 'text', (column) => column.notNull())
      .addPrimaryKeyConstraint('run_holds_pk', ['workflow_id', 'run_id'])
      .execute();
    await db.schema.alterTable('step_runs').addColumn('skipped', 'text').execute();
    await db.schema.alterTable('runs').addColumn('code', 'text').execute();
    await db.schema.alterTable('runs').addColumn('version', 'text').execute();
    await db.schema.alterTable('runs').addColumn('changes', 'text').execute();
  },
};
