import type { Kysely, Migration } from 'kysely';

/** Which runs have their history in the archive, and what housekeeping finds runs by. */
export const archive: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await db.schema.alterTable('runs').addColumn('archive', 'text').execute();
    await db.schema.alterTable('runs').addColumn('archived_at', 'text').execute();
    await db.schema.alterTable('runs').addColumn('archive_events', 'integer').execute();
    await db.schema.alterTable('runs').addColumn('archive_bytes', 'integer').execute();
    await db.schema.createIndex('runs_by_archive').on('runs').columns(['archive', 'namespace', 'finished_at']).execute();
    await db.schema.createIndex('quarantine_by_dataset').on('quarantine').column('dataset_uri').execute();
    await db.schema.createIndex('runs_by_scope').on('runs').columns(['load_scope', 'finished_at']).execute();
  },
};
