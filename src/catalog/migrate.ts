import type { Kysely } from 'kysely';
import { MIGRATIONS } from './migrations/index.js';

const TABLE = 'catalog_migrations';

interface MigrationsTable {
  readonly [TABLE]: { readonly name: string; readonly timestamp: string };
}

/** The catalog holds migrations that this version of Millrace does not have. */
export class NewerCatalog extends Error {
  constructor() {
    super('a newer version of Millrace has written it');
  }
}

/**
 * Whether the tables are there, and those of this version. It only reads: most of the time nothing else is needed.
 *
 * @param isAbsent tells the database's error for tables that are not there
 * @throws NewerCatalog
 */
export async function isUpToDate(db: Kysely<unknown>, isAbsent: (error: unknown) => boolean): Promise<boolean> {
  try {
    return (await missingMigrations(db)).length === 0;
  } catch (error) {
    if (isAbsent(error)) return false;
    throw error;
  }
}

/**
 * Brings the tables up to date. The transaction it works in must keep every other process out that does the same.
 * @throws NewerCatalog
 */
export async function migrate(transaction: Kysely<unknown>): Promise<void> {
  await transaction.schema
    .createTable(TABLE)
    .ifNotExists()
    .addColumn('name', 'varchar(255)', (column) => column.notNull().primaryKey())
    .addColumn('timestamp', 'varchar(255)', (column) => column.notNull())
    .execute();
  for (const name of await missingMigrations(transaction)) {
    await MIGRATIONS[name]?.up(transaction);
    await migrationsOf(transaction).insertInto(TABLE).values({ name, timestamp: new Date().toISOString() }).execute();
  }
}

async function missingMigrations(db: Kysely<unknown>): Promise<string[]> {
  const rows = await migrationsOf(db).selectFrom(TABLE).select('name').execute();
  const done = new Set(rows.map((row) => row.name));
  const known = Object.keys(MIGRATIONS).toSorted();
  if (rows.some((row) => !known.includes(row.name))) throw new NewerCatalog();
  return known.filter((name) => !done.has(name));
}

function migrationsOf(db: Kysely<unknown>): Kysely<MigrationsTable> {
  return db;
}
