import { appendFile } from 'node:fs/promises';
import path from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import type { Depot } from './exactly-once-depot.js';

/** The rows of a source file: ids `from` to `to`, every 97th of them one that the contract refuses. */
export interface SourceRows {
  readonly source: string;
  readonly from?: number;
  readonly to: number;
  /** Added to every good amount: another content under the same ids. @default 0 */
  readonly shift?: number;
}

/** The rows as a query that DuckDB and Postgres answer alike: one writes the files, the other says what must be loaded. */
export function sourceQuery({ source, from = 1, to, shift = 0 }: SourceRows): string {
  return `SELECT id::bigint AS id, 'customer-' || (id % 7) AS customer,
    (CASE WHEN id % 97 = 0 THEN -1 ELSE id % 100 + 0.5 + ${shift} END)::float8 AS amount,
    '2024-0' || (id % 3 + 1) AS month, '${source}' AS source
  FROM generate_series(${from}, ${to}) AS numbers(id)`;
}

/** The rows of {@link sourceQuery} that the contract accepts. */
export function goodRows(rows: SourceRows, amount = 'amount'): string {
  return `SELECT id, customer, ${amount} AS amount, month, source FROM (${sourceQuery(rows)}) AS rows WHERE amount >= 0`;
}

/** Writes the rows as a file of the lake; a CSV gets a line besides that is none. Gives the file's name. */
export async function writeSource(
  depot: Depot,
  rows: SourceRows,
  format: 'csv' | 'parquet',
  name = rows.source,
): Promise<string> {
  const file = `${name}.${format}`;
  const place = path.join(depot.lake, file);
  const instance = await DuckDBInstance.create();
  const connection = await instance.connect();
  await connection.run(`COPY (${sourceQuery(rows)}) TO '${place}' (FORMAT ${format})`);
  connection.closeSync();
  instance.closeSync();
  if (format === 'csv') await appendFile(place, 'not a row\n');
  return file;
}

/**
 * How many rows of `expected` a table of the schema `public` lacks and how many it has besides, every repetition counted.
 * Names are written in full: the user's search path leads into the ledger's schema as soon as that is there.
 */
export async function differences(depot: Depot, table: string, expected: string): Promise<{ missing: number; extra: number }> {
  const actual = `SELECT id, customer, amount, month, source FROM public.${table}`;
  const [row] = await depot.db.query<{ missing: string; extra: string }>(
    `WITH expected AS (${expected}), actual AS (${actual}) SELECT
       (SELECT count(*) FROM (SELECT * FROM expected EXCEPT ALL SELECT * FROM actual) AS lost) AS missing,
       (SELECT count(*) FROM (SELECT * FROM actual EXCEPT ALL SELECT * FROM expected) AS doubled) AS extra`,
  );
  return { missing: Number(row?.missing), extra: Number(row?.extra) };
}
