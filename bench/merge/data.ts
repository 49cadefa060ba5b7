import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import pg from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import type { Servers } from '../servers.js';
import { tpchCsv } from '../tpch.js';

/** Rows of the shop that carry it, or a later one, have changed since the warehouse was filled. */
export const SINCE = '2026-01-01T00:00:00Z';
const PRISTINE = 'orders_pristine';

const COLUMNS = `o_orderkey bigint NOT NULL, o_custkey bigint NOT NULL, o_orderstatus text NOT NULL, o_totalprice numeric(15,2) NOT NULL,
  o_orderdate date NOT NULL, o_orderpriority text NOT NULL, o_clerk text NOT NULL, o_shippriority integer NOT NULL, o_comment text NOT NULL`;

/** Both databases of one server, and sessions in them. */
export interface Databases {
  readonly shop: pg.Client;
  readonly warehouse: pg.Client;
  close(): Promise<void>;
}

/**
 * Makes the warehouse with TPC-H's `orders` (1,500,000 rows at scale 1) and a shop that has gone on since: of every twenty
 * orders one has changed, and one is followed by a new one.
 */
export async function makeDatabases(servers: Servers, scale: number, notice: (line: string) => void): Promise<Databases> {
  const csv = await tpchCsv('orders', scale, notice);
  notice('Filling shop and warehouse …');
  await servers.postgres.query('CREATE DATABASE shop');
  await servers.postgres.query('CREATE DATABASE warehouse');
  const [shop, warehouse] = [await connect(servers, 'shop'), await connect(servers, 'warehouse')];
  for (const client of [shop, warehouse]) {
    await client.query(`CREATE TABLE filled (${COLUMNS})`);
    await pipeline(createReadStream(csv), client.query(copyFrom('COPY filled FROM STDIN (FORMAT csv, HEADER)')));
  }
  await warehouse.query(`CREATE TABLE ${PRISTINE} AS SELECT *, timestamptz '2025-01-01T00:00:00Z' AS updated_at FROM filled`);
  await shop.query(`CREATE TABLE orders (${COLUMNS}, updated_at timestamptz NOT NULL)`);
  // TPC-H uses eight keys of each 32, so that a key and 8 is free.
  await shop.query(`
    INSERT INTO orders SELECT *, '2025-01-01T00:00:00Z' FROM filled;
    UPDATE orders SET o_orderstatus = 'X', o_totalprice = o_totalprice + 1, updated_at = '${SINCE}'
      WHERE o_orderkey IN (SELECT o_orderkey FROM (SELECT o_orderkey, row_number() OVER (ORDER BY o_orderkey) AS n FROM filled) AS numbered WHERE n % 20 = 0);
    INSERT INTO orders SELECT o_orderkey + 8, o_custkey, 'N', o_totalprice, o_orderdate, o_orderpriority, o_clerk, o_shippriority, o_comment, '${SINCE}'
      FROM (SELECT *, row_number() OVER (ORDER BY o_orderkey) AS n FROM filled) AS numbered WHERE n % 20 = 10;
    CREATE INDEX ON orders (updated_at)`);
  for (const client of [shop, warehouse]) await client.query('DROP TABLE filled');
  await shop.query('VACUUM (ANALYZE)');
  const close = async (): Promise<void> => void (await Promise.all([shop.end(), warehouse.end()]));
  return { shop, warehouse, close };
}

/** Puts a table of the warehouse back to before the changes. */
export async function restore(warehouse: pg.Client, table: string): Promise<void> {
  await warehouse.query(`DROP TABLE IF EXISTS ${table}`);
  await warehouse.query(`CREATE TABLE ${table} (${COLUMNS}, updated_at timestamptz NOT NULL)`);
  await warehouse.query(`INSERT INTO ${table} SELECT * FROM ${PRISTINE}`);
  await warehouse.query(`ALTER TABLE ${table} ADD PRIMARY KEY (o_orderkey)`);
}

async function connect(servers: Servers, database: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: servers.urlOf(database) });
  // A session that ends with its server has nothing to say.
  client.on('error', () => undefined);
  await client.connect();
  return client;
}
