// The limit: one stream of the file's bytes into COPY, in the transaction that makes the table.
// node raw-copy.mjs CSV "CREATE TABLE …" TABLE, with WAREHOUSE_URL in the environment. Prints one JSON object.
import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import pg from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import { ownUsage } from '../own-usage.mjs';

const [file, createTable, table] = process.argv.slice(2);
const client = new pg.Client({ connectionString: process.env.WAREHOUSE_URL });
const started = performance.now();
await client.connect();
await client.query('BEGIN');
await client.query(createTable);
const copy = client.query(copyFrom(`COPY ${table} FROM STDIN (FORMAT csv, HEADER)`));
await pipeline(createReadStream(file, { highWaterMark: 1 << 18 }), copy);
await client.query('COMMIT');
const seconds = (performance.now() - started) / 1000;
await client.end();
console.log(JSON.stringify({ seconds, rows: copy.rowCount, ...ownUsage() }));
