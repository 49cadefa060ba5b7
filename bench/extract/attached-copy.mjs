// The limit: DuckDB's own way from a Postgres table to a Parquet file, with its defaults for threads and memory.
// node attached-copy.mjs EXTENSION TABLE FILE, with SHOP_URL in the environment. Prints one JSON object.
import { DuckDBInstance } from '@duckdb/node-api';
import { ownUsage } from '../own-usage.mjs';

const [extension, table, file] = process.argv.slice(2);
const started = performance.now();
// As in Millrace, the extension's signature is not checked in every session.
const instance = await DuckDBInstance.create(':memory:', { allow_unsigned_extensions: 'true' });
const connection = await instance.connect();
await connection.run(`LOAD '${extension}'`);
await connection.run(`ATTACH '${process.env.SHOP_URL}' AS shop (TYPE postgres, READ_ONLY)`);
const result = await connection.runAndReadAll(`COPY (FROM shop.${table}) TO '${file}' (FORMAT parquet, COMPRESSION zstd)`);
const seconds = (performance.now() - started) / 1000;
console.log(JSON.stringify({ seconds, rows: Number(result.getRowsJS()[0][0]), ...ownUsage() }));
