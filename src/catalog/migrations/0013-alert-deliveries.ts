import type { Kysely, Migration } from 'kysely';

/** How alerts reach people, and how the promises of pipelines stand. None of it is a projection. */
export const alertDeliveries: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await db.schema.alterTable('alerts').addColumn('routed_at', 'text').execute();
    await db.schema.alterTable('alerts').addColumn('held_back', 'integer').execute();
    await db.schema.alterTable('alerts').addColumn('acknowledged_at', 'text').execute();
    await db.schema.alterTable('alerts').addColumn('acknowledged_by', 'text').execute();
    await db.schema.alterTable('alerts').addColumn('acknowledged_why', 'text').execute();
    await db.schema.createIndex('alerts_routed').on('alerts').columns(['routed_at', 'at']).execute();
    await db.schema.createIndex('alerts_run').on('alerts').column('run_id').execute();
    await db.schema
      .createTable('alert_deliveries')
      .addColumn('alert', 'text', (column) => column.notNull())
      .addColumn('channel', 'text', (column) => column.notNull())
      .addColumn('state', 'text', (column) => column.notNull())
      .addColumn('attempts', 'integer', (column) => column.notNull())
      .addColumn('due_at', 'text', (column) => column.notNull())
      .addColumn('give_up_at', 'text', (column) => column.notNull())
      .addColumn('claim', 'text')
      .addColumn('ended_at', 'text')
      .addColumn('error', 'text')
      .addPrimaryKeyConstraint('alert_deliveries_pk', ['alert', 'channel'])
      .execute();
    await db.schema.createIndex('alert_deliveries_due').on('alert_deliveries').columns(['state', 'channel', 'due_at']).execute();
    await db.schema
      .createTable('slo_states')
      .addColumn('pipeline', 'text', (column) => column.notNull())
      .addColumn('slo', 'text', (column) => column.notNull())
      .addColumn('bound', 'text', (column) => column.notNull())
      .addColumn('watched_since', 'text', (column) => column.notNull())
      .addColumn('checked_at', 'text', (column) => column.notNull())
      .addColumn('state', 'text', (column) => column.notNull())
      .addColumn('since', 'text', (column) => column.notNull())
      .addColumn('subject', 'text')
      .addColumn('last_at', 'text')
      .addColumn('next_at', 'text')
      .addPrimaryKeyConstraint('slo_states_pk', ['pipeline', 'slo'])
      .execute();
    await db.schema
      .createTable('alert_watches')
      .addColumn('name', 'text', (column) => column.primaryKey())
      .addColumn('began_at', 'text', (column) => column.notNull())
      .execute();
    await db.schema.createIndex('runs_ended').on('runs').columns(['status', 'finished_at']).execute();
    await db.schema.createIndex('step_runs_finished').on('step_runs').column('finished_at').execute();
  },
};
