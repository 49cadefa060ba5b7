// The limit: what changed, as one binary stream from COPY into COPY, and one upsert from there; in one transaction.
// node by-hand.mjs TABLE SINCE, with SHOP_URL and WAREHOUSE_URL in the environment. Prints one JSON object.
import { pipeline } from 'node:stream/promises';
import pg from 'pg';
import { from as copyFrom, to as copyTo } from 'pg-copy-streams';
import { ownUsage } from '../own-usage.mjs';

const [table, since] = process.argv.slice(2);
const [shop, warehouse] = [process.env.SHOP_URL, process.env.WAREHOUSE_URL].map(
  (connectionString) => new pg.Client({ connectionString }),
);
const started = performance.now();
await Promise.all([shop.connect(), warehouse.connect()]);
const { rows: columns } = await warehouse.query(
  'SELECT attname AS name FROM pg_attribute WHERE attrelid = $1::regclass AND attnum > 0 ORDER BY attnum',
  [table],
);
await warehouse.query('BEGIN');
await warehouse.query(`CREATE TEMPORARY TABLE changes (LIKE ${table}) ON COMMIT DROP`);
await pipeline(
  shop.query(copyTo(`COPY (SELECT * FROM orders WHERE updated_at >= '${since}') TO STDOUT (FORMAT binary)`)),
  warehouse.query(copyFrom('COPY changes FROM STDIN (FORMAT binary)')),
);
const assigned = columns.filter(({ name }) => name !== 'o_orderkey').map(({ name }) => `${name} = EXCLUDED.${name}`);
const { rowCount } = await warehouse.query(
  `INSERT INTO ${table} SELECT * FROM changes ON CONFLICT (o_orderkey) DO UPDATE SET ${assigned.join(', ')}`,
);
await warehouse.query('COMMIT');
const seconds = (performance.now() - started) / 1000;
await Promise.all([shop.end(), warehouse.end()]);
console.log(JSON.stringify({ seconds, rows: rowCount, ...ownUsage() }));
