import { quoteFile, quoteIdentifier } from '../core/filter.js';

/** Parquet files that hold the rows of one source file, in its order, as judging wrote them. */
export interface WrittenFiles {
  /** As a part's path: `./part-0.parquet`. */
  readonly names: readonly string[];
  /** Absolute. */
  readonly files: readonly string[];
  /** Rows of each file. */
  readonly rows: readonly number[];
  /** sha256 of each file; absent where they are still to be hashed. */
  readonly hashes?: readonly string[];
}

/** A SELECT of the columns of all rows, and of their number over all files, from 0, as `number`. */
export function numberedRows({ files, rows }: WrittenFiles, columns: readonly string[], number: string): string {
  const list = files.map(quoteFile).join(', ');
  const firsts = firstRows(rows).join(', ');
  const position = files.length === 1 ? 'file_row_number' : `file_row_number + ([${firsts}]::BIGINT[])[(file_index + 1)::BIGINT]`;
  const selected = [...columns.map(quoteIdentifier), `${position} AS ${quoteIdentifier(number)}`].join(', ');
  return `SELECT ${selected} FROM read_parquet([${list}], file_row_number = true, hive_partitioning = false)`;
}

/** The number of each file's first row over all files. */
export function firstRows(rows: readonly number[]): number[] {
  let first = 0;
  return rows.map((count) => (first += count) - count);
}
