import type { Kysely, Migration } from 'kysely';

/** The lines that pipelines and steps write, see `LogLine`. */
export const runLog: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await db.schema
      .createTable('log_lines')
      .addColumn('workflow_id', 'text', (column) => column.notNull())
      .addColumn('run_id', 'text', (column) => column.notNull())
      .addColumn('step', 'text', (column) => column.notNull())
      .addColumn('attempt', 'integer', (column) => column.notNull())
      .addColumn('line', 'integer', (column) => column.notNull())
      .addColumn('at', 'text', (column) => column.notNull())
      .addColumn('level', 'text', (column) => column.notNull())
      .addColumn('message', 'text', (column) => column.notNull())
      .addColumn('facts', 'text')
      .addPrimaryKeyConstraint('log_lines_pk', ['workflow_id', 'run_id', 'step', 'attempt', 'line'])
      .execute();
  },
};
