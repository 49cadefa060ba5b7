import type { CursorRange } from '../core/cursor.js';
import type { Column } from '../core/dataset.js';
import { TerminalError } from '../core/errors.js';
import { quoteIdentifier, quoteLiteral } from '../core/filter.js';
import type { Session } from '../connectors/contract.js';

/** A dataset that is to be appended by its range. */
export interface RangedRows {
  readonly range: CursorRange;
  readonly columns: readonly Column[];
  /** As people name it: `warehouse.orders`. */
  readonly target: string;
}

/**
 * Proves that the rows have the cursor as it was read.
 * @throws TerminalError OPTION_INVALID
 */
export function requireCursor({ range, columns, target }: RangedRows): void {
  const column = columns.find(({ name }) => name === range.column);
  const names = columns.map(({ name }) => name).join(', ');
  if (column === undefined) {
    throw new TerminalError(
      'OPTION_INVALID',
      `The append to ${target} goes by the cursor "${range.column}", which the dataset has not (it has: ${names}). Keep that column, or merge.`,
    );
  }
  if (column.type === range.type && column.sourceType === undefined) return;
  throw new TerminalError(
    'OPTION_INVALID',
    `The append to ${target} goes by the cursor "${range.column}", which was read as ${range.type} and is ${column.type} in the dataset, so that it no longer tells which rows are new. Let contracts and transforms leave it as it is, or merge.`,
  );
}

/**
 * The rows of a SELECT that an append is to add: those after the beginning of the range; what comes before was loaded
 * earlier, and was read again only for rows that come late. A row without a cursor, or outside what was read, fails it.
 */
export function selectNew(select: string, { range }: RangedRows): string {
  const column = quoteIdentifier(range.column);
  const isNew = range.after === null ? 'TRUE' : `${column} > ${valueOf(range.after, range)}`;
  return `SELECT * FROM (${select}) AS dataset WHERE CASE WHEN ${strange(range)} THEN error('${STRANGE}') ELSE ${isNew} END`;
}

/** The number of rows that {@link selectNew} gives. @throws TerminalError CURSOR_NULL, OPTION_INVALID */
export async function countNew(session: Session, select: string, rows: RangedRows): Promise<number> {
  const { range, target } = rows;
  const column = quoteIdentifier(range.column);
  const [found] = await session.rows<{ without: bigint; strange: bigint; all: bigint }>(
    `SELECT count(*) FILTER (WHERE ${column} IS NULL) AS without, count(*) FILTER (WHERE ${strange(range)}) AS strange, count(*) AS all
     FROM (${select}) AS dataset`,
  );
  if (Number(found?.without) > 0) {
    throw new TerminalError(
      'CURSOR_NULL',
      `${found?.without} of ${found?.all} rows to append to ${target} have no value in the cursor "${range.column}", so nothing tells whether they have been appended before. Merge them, let the contract reject such rows, or fill the column at the source.`,
    );
  }
  if (Number(found?.strange) > 0) {
    throw new TerminalError(
      'OPTION_INVALID',
      `${found?.strange} of ${found?.all} rows to append to ${target} lie outside the range of "${range.column}" that was read. Give the load the range of its own dataset, whose cursor nothing has changed, or merge.`,
    );
  }
  const [counted] = await session.rows<{ rows: bigint }>(`SELECT count(*) AS rows FROM (${selectNew(select, rows)})`);
  return Number(counted?.rows);
}

const STRANGE = 'millrace: a row outside the range that was read';

function strange(range: CursorRange): string {
  const column = quoteIdentifier(range.column);
  const before = range.from === null ? '' : ` OR ${column} < ${valueOf(range.from, range)}`;
  const beyond = range.upTo === null ? 'TRUE' : `${column} > ${valueOf(range.upTo, range)}`;
  return `(${column} IS NULL OR ${beyond}${before})`;
}

function valueOf(text: string, { type }: CursorRange): string {
  return `CAST(${quoteLiteral(text)} AS ${type})`;
}
