import type { Kysely, Migration } from 'kysely';

/** Who may call the service, what was changed by whom, and indexes for what callers look up. */
export const access: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await db.schema
      .createTable('tokens')
      .addColumn('id', 'text', (column) => column.primaryKey())
      .addColumn('name', 'text', (column) => column.notNull())
      .addColumn('role', 'text', (column) => column.notNull())
      .addColumn('scope', 'text')
      .addColumn('secret_hash', 'text', (column) => column.notNull())
      .addColumn('created_at', 'text', (column) => column.notNull())
      .addColumn('created_by', 'text', (column) => column.notNull())
      .addColumn('expires_at', 'text')
      .addColumn('revoked_at', 'text')
      .addColumn('revoked_by', 'text')
      .addColumn('last_used_at', 'text')
      .execute();
    await db.schema
      .createTable('audit')
      .addColumn('id', 'text', (column) => column.primaryKey())
      .addColumn('at', 'text', (column) => column.notNull())
      .addColumn('actor', 'text', (column) => column.notNull())
      .addColumn('actor_kind', 'text', (column) => column.notNull())
      .addColumn('actor_id', 'text')
      .addColumn('role', 'text', (column) => column.notNull())
      .addColumn('from_address', 'text')
      .addColumn('request_id', 'text')
      .addColumn('operation', 'text', (column) => column.notNull())
      .addColumn('target', 'text')
      .addColumn('input', 'text', (column) => column.notNull())
      .addColumn('outcome', 'text', (column) => column.notNull())
      .addColumn('ended_at', 'text')
      .addColumn('code', 'text')
      .addColumn('message', 'text')
      .addColumn('result', 'text')
      .execute();
    await db.schema.createIndex('datasets_by_time').on('datasets').columns(['created_at', 'uri']).execute();
    await db.schema.createIndex('loads_by_content').on('loads').column('content').execute();
    await db.schema.createIndex('quality_results_by_dataset').on('quality_results').column('dataset_uri').execute();
    await db.schema.createIndex('audit_by_target').on('audit').columns(['target', 'id']).execute();
  },
};
