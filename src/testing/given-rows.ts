import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { TerminalError } from '../core/errors.js';

/**
 * The rows that a source has in a test: objects, or CSV text with a header, which is read as a file is. An error makes the
 * step fail that reads them.
 */
export type GivenRows = readonly object[] | string | Error;

/** Rows as a file, from which the connector for files reads them as it reads any. */
export interface GivenFile {
  readonly path: string;
  readonly format: 'csv' | 'json';
  /** Columns of objects whose values are dates, which JSON has none of. */
  readonly dates: readonly string[];
}

/**
 * Writes rows into a file of a folder.
 *
 * @throws TerminalError TEST_DATA_INVALID
 */
export async function writeGiven(folder: string, dataset: string, rows: Exclude<GivenRows, Error>): Promise<GivenFile> {
  const name = encodeURIComponent(dataset);
  if (typeof rows === 'string') {
    await writeFile(path.join(folder, `${name}.csv`), rows);
    return { path: `${name}.csv`, format: 'csv', dates: [] };
  }
  if (rows.every((row) => Object.keys(row).length === 0)) {
    throw invalid(
      dataset,
      'has no row with a column, so nothing tells its columns. For a source without rows give its header as CSV text: "id,amount\\n"',
    );
  }
  const lines = rows.map((row, at) => `${toJson(row, (what) => invalid(dataset, `cannot hold row ${at}: ${what}`))}\n`);
  await writeFile(path.join(folder, `${name}.ndjson`), lines.join(''));
  return { path: `${name}.ndjson`, format: 'json', dates: dateColumns(rows) };
}

function invalid(dataset: string, what: string): TerminalError {
  return new TerminalError('TEST_DATA_INVALID', `The test's dataset "${dataset}" ${what}.`);
}

/** Columns that hold dates, and beside them at most rows without a value. */
function dateColumns(rows: readonly object[]): string[] {
  const found = new Map<string, boolean>();
  for (const row of rows) {
    for (const [name, value] of Object.entries(row) as [string, unknown][]) {
      if (value !== null && value !== undefined) found.set(name, value instanceof Date && found.get(name) !== false);
    }
  }
  return [...found].flatMap(([name, isDate]) => (isDate ? [name] : []));
}

/** Stands around the digits of an integer beyond 2^53, which JSON can write and JavaScript's writer of it cannot. */
const DIGITS = '\u0001digits:';

function toJson(row: object, invalidAs: (what: string) => TerminalError): string {
  const text = JSON.stringify(row, (key, value: unknown) => {
    if (typeof value === 'number' && !Number.isFinite(value)) throw invalidAs(`${key} is ${value}, which JSON has no number for`);
    if (typeof value === 'function' || typeof value === 'symbol') throw invalidAs(`${key} is a ${typeof value}`);
    return typeof value === 'bigint' ? `${DIGITS}${value}` : value;
  });
  return text.replaceAll(/"\\u0001digits:(-?\d+)"/g, '$1');
}
