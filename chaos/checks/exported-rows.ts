import { existsSync, statSync } from 'node:fs';
import path from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { quoteLiteral } from '../../src/core/filter.js';
import { COLUMNS, NAMES } from '../sources.js';

/** The rows of a Parquet file, or of a folder of them, as a query for PostgreSQL; none when nothing is there. */
export async function exportedRows(place: string): Promise<string> {
  const rows = existsSync(place) ? await readRows(statSync(place).isDirectory() ? path.join(place, '*.parquet') : place) : [];
  return `SELECT ${NAMES} FROM jsonb_to_recordset(${quoteLiteral(JSON.stringify(rows))}::jsonb) AS row(${COLUMNS})`;
}

async function readRows(glob: string): Promise<unknown[]> {
  const instance = await DuckDBInstance.create();
  const connection = await instance.connect();
  try {
    await connection.run("SET TimeZone = 'UTC'");
    const files = await connection.runAndReadAll(`SELECT count(*) AS files FROM glob('${glob}')`);
    if (Number(files.getRowObjectsJson()[0]?.['files']) === 0) return [];
    return (await connection.runAndReadAll(`SELECT ${NAMES} FROM read_parquet('${glob}')`)).getRowObjectsJson();
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}
