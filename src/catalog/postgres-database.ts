import { Kysely, sql } from 'kysely';
import { TerminalError } from '../core/errors.js';
import { describeServer, parseConnectionUrl, secretsOf, type ServerAddress } from '../postgres/connection-url.js';
import { persistently, type CatalogDatabase } from './database.js';
import { isUpToDate, migrate } from './migrate.js';
import { PlainTextPlugin } from './plain-text.js';
import { openPostgres } from './postgres.js';
import { isDropped, mayPass, translateCatalogError } from './postgres-errors.js';
import type { CatalogSession } from './tables.js';

/** The catalog in a schema of a PostgreSQL database. Every name in a statement is qualified: no search path matters. */
export interface PostgresPlace {
  readonly url: string;
  readonly schema: string;
}

/** The database and schema as people name them: no user, no password. */
export function postgresName({ url, schema }: PostgresPlace): string {
  return `${describeServer(parseUrl(url))} (schema ${schema})`;
}

/** The catalog in a PostgreSQL database, see {@link translateCatalogError} for its failures. */
export function postgresDatabase(place: PostgresPlace): CatalogDatabase {
  const address = parseUrl(place.url);
  const server = { name: postgresName(place), secrets: secretsOf(address) };
  let opening: Promise<CatalogSession> | undefined;
  let opened = false;

  function current(): Promise<CatalogSession> {
    const attempt = (opening ??= open(address, place.schema));
    attempt.then(
      () => (opened = true),
      () => opening === attempt && (opening = undefined),
    );
    return attempt;
  }

  /** Opens it anew at the next call: somebody has dropped the tables under the worker. */
  async function forget(db: CatalogSession): Promise<void> {
    if ((await opening?.catch(() => undefined)) !== db) return;
    opening = undefined;
    void db.destroy().catch(() => undefined);
  }

  async function perform<T>(work: (db: CatalogSession) => Promise<T>): Promise<T> {
    const db = await current();
    try {
      return await work(db);
    } catch (error) {
      if (!isDropped(error)) throw error;
      await forget(db);
      return work(await current());
    }
  }

  async function translated<T>(verb: string, work: (db: CatalogSession) => Promise<T>): Promise<T> {
    try {
      return await persistently(() => perform(work), mayPass);
    } catch (error) {
      throw translateCatalogError(error, server, verb, !opened);
    }
  }

  return {
    name: server.name,
    read: (work) => translated('read', work),
    write: (work) => translated('written', (db) => db.transaction().execute((transaction) => work(transaction, db))),
    async close() {
      const db = await opening?.catch(() => undefined);
      opening = undefined;
      await db?.destroy();
    },
  };
}

async function open(address: ServerAddress, schema: string): Promise<CatalogSession> {
  const plain = new Kysely<unknown>({ dialect: await openPostgres(address), plugins: [new PlainTextPlugin()] });
  const db = plain.withSchema(schema) as CatalogSession;
  try {
    if (!(await isUpToDate(plain.withSchema(schema), isDropped)))
      await plain.transaction().execute((transaction) => prepare(transaction, schema));
    return db;
  } catch (error) {
    await plain.destroy().catch(() => undefined);
    throw error;
  }
}

async function prepare(transaction: Kysely<unknown>, schema: string): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtextextended(${`millrace catalog ${schema}`}, 0))`.execute(transaction);
  const found = await sql`select 1 from pg_catalog.pg_namespace where nspname = ${schema}`.execute(transaction);
  // Asked first: CREATE SCHEMA IF NOT EXISTS wants the right to create one, also where it is there.
  if (found.rows.length === 0) await transaction.schema.createSchema(schema).execute();
  await migrate(transaction.withSchema(schema));
}

/** @throws TerminalError CONFIG_INVALID whose message does not hold the URL */
function parseUrl(url: string): ServerAddress {
  try {
    return parseConnectionUrl(url);
  } catch (error) {
    const why = error instanceof RangeError ? error.message : 'is not a postgres:// URL';
    throw new TerminalError(
      'CONFIG_INVALID',
      `The catalog's URL (MILLRACE_CATALOG_URL, or \`catalog.url\` in the config) ${why}. It has the form postgres://user:password@host:port/database.`,
    );
  }
}
