import { DuckDBInstance } from '@duckdb/node-api';

/** What tells one set of rejected rows from another. */
export interface Verdict {
  readonly rejected: number;
  /** The sum of their row numbers, from 1. */
  readonly lines: number;
  /** Reasons of all of them. */
  readonly reasons: number;
}

/** What a file of rejected rows says. */
export async function verdictIn(files: string): Promise<Verdict> {
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  try {
    const sums = `SELECT count(*)::DOUBLE, coalesce(sum(line), 0)::DOUBLE, coalesce(sum(json_array_length(reasons)), 0)::DOUBLE FROM '${files}'`;
    const [row] = (await connection.runAndReadAll(sums)).getRowsJS() as [number, number, number][];
    const [rejected = 0, lines = 0, reasons = 0] = row ?? [];
    return { rejected, lines, reasons };
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}
