import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { sharedServer } from './shared-servers.js';

/** A database of its own on the shared, real PostgreSQL 18 (`wal_level=logical`, otherwise its defaults). */
export interface TestDatabase {
  readonly url: string;
  readonly name: string;
  /** Runs one statement on a connection that stays open, and gives its rows. Values are as `pg` reads them. */
  readonly query: <R extends pg.QueryResultRow = pg.QueryResultRow>(sql: string, params?: readonly unknown[]) => Promise<R[]>;
  /** Ends every session and removes the database. */
  readonly drop: () => Promise<void>;
}

/**
 * Makes a fresh, empty database. Use it in `beforeAll` and drop it in `afterAll`:
 *
 * @example
 * let db: TestDatabase;
 * beforeAll(async () => { db = await createTestDatabase(); });
 * afterAll(() => db.drop());
 */
export async function createTestDatabase(): Promise<TestDatabase> {
  const server = await sharedServer('postgres');
  const name = `test_${randomBytes(6).toString('hex')}`;
  await onServer(server, `CREATE DATABASE ${name}`);
  const url = Object.assign(new URL(server), { pathname: `/${name}` }).toString();
  const client = new pg.Client({ connectionString: url });
  // A dropped database ends the session from the other side, which is as it should be.
  client.on('error', () => undefined);
  await client.connect();
  return {
    url,
    name,
    query: async <R extends pg.QueryResultRow>(sql: string, params: readonly unknown[] = []) =>
      (await client.query<R>(sql, [...params])).rows,
    drop: async () => {
      await client.end();
      await onServer(server, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
    },
  };
}

async function onServer(url: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
