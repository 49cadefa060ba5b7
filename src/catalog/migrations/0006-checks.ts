import type { Kysely, Migration } from 'kysely';

/** What checks of whole datasets found, and audits that somebody has overridden. */
export const checks: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await db.schema
      .createTable('check_results')
      .addColumn('workflow_id', 'text', (column) => column.notNull())
      .addColumn('run_id', 'text', (column) => column.notNull())
      .addColumn('step', 'text', (column) => column.notNull())
      .addColumn('attempt', 'integer', (column) => column.notNull())
      .addColumn('position', 'integer', (column) => column.notNull())
      .addColumn('pipeline', 'text')
      .addColumn('partition', 'text')
      .addColumn('load_scope', 'text')
      .addColumn('run_started_at', 'text')
      .addColumn('check_set', 'text', (column) => column.notNull())
      .addColumn('name', 'text', (column) => column.notNull())
      .addColumn('kind', 'text', (column) => column.notNull())
      .addColumn('input', 'text', (column) => column.notNull())
      .addColumn('severity', 'text', (column) => column.notNull())
      .addColumn('passed', 'integer', (column) => column.notNull())
      .addColumn('overridden', 'integer', (column) => column.notNull())
      .addColumn('observed', 'text', (column) => column.notNull())
      .addColumn('bound', 'text', (column) => column.notNull())
      .addColumn('value', 'text')
      .addColumn('examples', 'text', (column) => column.notNull())
      .addColumn('judged_at', 'text', (column) => column.notNull())
      .addPrimaryKeyConstraint('check_results_pk', ['workflow_id', 'run_id', 'step', 'attempt', 'position'])
      .execute();
    await db.schema
      .createIndex('check_results_by_check')
      .on('check_results')
      .columns(['pipeline', 'step', 'check_set', 'name', 'run_started_at'])
      .execute();
    await db.schema
      .createTable('audit_overrides')
      .addColumn('workflow_id', 'text', (column) => column.notNull())
      .addColumn('run_id', 'text', (column) => column.notNull())
      .addColumn('step', 'text', (column) => column.notNull())
      .addColumn('reason', 'text', (column) => column.notNull())
      .addColumn('by', 'text', (column) => column.notNull())
      .addColumn('at', 'text', (column) => column.notNull())
      .addPrimaryKeyConstraint('audit_overrides_pk', ['workflow_id', 'run_id', 'step'])
      .execute();
  },
};
