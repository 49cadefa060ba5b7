// The limit: DuckDB reads the Parquet file and writes it again, without a rule, with its defaults for threads and memory.
// node plain-copy.mjs SOURCE TARGET. Prints one JSON object.
import { DuckDBInstance } from '@duckdb/node-api';
import { ownUsage } from '../own-usage.mjs';

const [source, target] = process.argv.slice(2);
const started = performance.now();
const instance = await DuckDBInstance.create(':memory:');
const connection = await instance.connect();
const result = await connection.runAndReadAll(`COPY (FROM '${source}') TO '${target}' (FORMAT parquet, COMPRESSION lz4)`);
const seconds = (performance.now() - started) / 1000;
console.log(JSON.stringify({ seconds, rows: Number(result.getRowsJS()[0][0]), ...ownUsage() }));
