import type { Kysely, Migration } from 'kysely';

/** How loads were to write, and which earlier load they add rows to that had been rejected. */
export const replays: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await db.schema.alterTable('loads').addColumn('options', 'text').execute();
    await db.schema.alterTable('loads').addColumn('adds_to', 'text').execute();
    await db.schema.createIndex('loads_by_adds_to').on('loads').column('adds_to').execute();
  },
};
