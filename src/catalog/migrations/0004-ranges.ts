import type { Kysely, Migration } from 'kysely';

/** What was read by a cursor, and how far loads have moved watermarks. */
export const ranges: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await db.schema.alterTable('datasets').addColumn('range', 'text').execute();
    await db.schema.alterTable('loads').addColumn('watermark', 'text').execute();
  },
};
