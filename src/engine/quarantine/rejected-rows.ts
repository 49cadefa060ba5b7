import type { Column } from '../../core/dataset.js';
import { quoteFile, quoteIdentifier, quoteLiteral } from '../../core/filter.js';

/** The rejected rows of one step, and the dataset that they were rows of. */
export interface RejectedRows {
  /** The rejects file, as the session reads it. */
  readonly file: string;
  /** The columns of the dataset. */
  readonly columns: readonly Column[];
}

// As the reasons are written everywhere; within a value's text the quotes would be escaped.
const MALFORMED = `contains(reasons, '"code":"malformed_line"')`;

/** SQL of the name under which the values of column `index` are in {@link rejectedSelect}. */
export function valueName(index: number): string {
  return `v${index}`;
}

/**
 * The rejected rows: `number`, `source`, `line`, `byte`, `reasons`, `malformed` (the text of a line that was not CSV), and each
 * column's value as text as `v0` …, without any where the line was malformed.
 */
export function rejectedSelect({ file, columns }: RejectedRows): string {
  const structure = JSON.stringify(Object.fromEntries(columns.map(({ name }) => [name, 'VARCHAR'])));
  const values = columns.map(({ name }, index) => `struct_extract(content, ${quoteLiteral(name)}) AS ${valueName(index)}`);
  return `SELECT ${['number', 'source', 'line', 'byte', 'reasons', 'malformed', ...values].join(', ')} FROM (
    SELECT number, source, line, byte, reasons, CASE WHEN ${MALFORMED} THEN row END AS malformed,
      CASE WHEN NOT ${MALFORMED} THEN from_json(row, ${quoteLiteral(structure)}) END AS content
    FROM read_parquet(${quoteFile(file)}))`;
}

/** SQL of a column's value in its own type, from its text. */
export function typedValue({ type }: Column, text: string): string {
  return type === 'VARCHAR' ? text : `CAST(${text} AS ${type})`;
}

/** The columns' values with their own names, as text. */
export function namedValues(columns: readonly Column[]): string[] {
  return columns.map(({ name }, index) => `${valueName(index)} AS ${quoteIdentifier(name)}`);
}
