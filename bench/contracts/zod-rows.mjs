// The same contract by zod alone, row by row, as one writes it in Node: DuckDB reads the Parquet file, zod judges, the rejected
// rows are written as lines of JSON, and the numbers of the rows to leave out as a list.
// node zod-rows.mjs SOURCE FOLDER. Prints one JSON object.
import { createWriteStream, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import path from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { register } from 'tsx/esm/api';
import { ownUsage } from '../own-usage.mjs';

const [source, folder] = process.argv.slice(2);
register();
const { LineItem } = await import('../load/project/contracts.ts');
const started = performance.now();
const instance = await DuckDBInstance.create(':memory:');
const connection = await instance.connect();
// As zod is to see them: numbers of JavaScript, dates as text.
const result =
  await connection.stream(`SELECT l_orderkey::DOUBLE, l_partkey::DOUBLE, l_suppkey::DOUBLE, l_linenumber, l_quantity::DOUBLE, l_extendedprice::DOUBLE,
  l_discount::DOUBLE, l_tax::DOUBLE, l_returnflag, l_linestatus, l_shipdate::VARCHAR, l_commitdate::VARCHAR, l_receiptdate::VARCHAR, l_shipinstruct,
  l_shipmode, l_comment FROM '${source}'`);
const names = Object.keys(LineItem.schema.shape);
const rejects = createWriteStream(path.join(folder, 'rejects.ndjson'));
const gone = [];
let rows = 0;
let reasons = 0;
for (;;) {
  const chunk = await result.fetchChunk();
  if (chunk === null || chunk.rowCount === 0) break;
  const columns = chunk.getColumns();
  const lines = [];
  for (let index = 0; index < chunk.rowCount; index++) {
    const row = {};
    for (let at = 0; at < names.length; at++) row[names[at]] = columns[at][index] ?? undefined;
    rows++;
    const { success, error } = LineItem.schema.safeParse(row);
    if (success) continue;
    gone.push(rows);
    reasons += error.issues.length;
    lines.push(JSON.stringify({ line: rows, reasons: error.issues, row }));
  }
  if (lines.length > 0 && !rejects.write(`${lines.join('\n')}\n`)) await once(rejects, 'drain');
}
rejects.end();
await once(rejects, 'close');
writeFileSync(path.join(folder, 'deletes.json'), JSON.stringify(gone));
const seconds = (performance.now() - started) / 1000;
const lines = gone.reduce((sum, line) => sum + line, 0);
console.log(JSON.stringify({ seconds, rows, rejected: gone.length, lines, reasons, ...ownUsage() }));
