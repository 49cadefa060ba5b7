import path from 'node:path';
import type { CursorRange } from '../../core/cursor.js';
import { messageOf } from '../../core/errors.js';
import { filterToSql } from '../../core/filter.js';
import type { Extracted } from '../contract.js';
import { execute, select } from './attached.js';
import { copyPart, describePart } from './copy-part.js';
import { findRange, rangeCondition } from './cursor-range.js';
import type { Described } from './describe-source.js';
import { readerSettings, type ReadAttempt } from './reading.js';
import { datasetColumn, inexactColumn } from './source-columns.js';

const PART = 'part-0.parquet';

/** Everything in one statement. */
export interface ReadAtOnce extends Described {
  /** Whether the table can be locked first. */
  readonly lockable: boolean;
}

/** Reads a query, or a table that is not worth cutting into ranges or cannot be. */
export async function readAtOnce(attempt: ReadAttempt, read: ReadAtOnce): Promise<Extracted> {
  // Values that DuckDB's type cannot hold are rare, so they are found by trying; then that column is read as text.
  const asText = new Set<string>();
  for (;;) {
    try {
      return await readOnce(attempt, read, asText);
    } catch (error) {
      const column = inexactColumn(messageOf(error), read.columns);
      if (column === undefined || asText.has(column.name)) throw error;
      asText.add(column.name);
    }
  }
}

async function readOnce(attempt: ReadAttempt, read: ReadAtOnce, asText: ReadonlySet<string>): Promise<Extracted> {
  const { context, directory, reading, settings } = attempt;
  const { columns, cursor, lockable } = read;
  const { session } = context;
  const { from } = reading;
  const condition = filterToSql(attempt.options.where);
  let rows: number;
  let range: CursorRange | undefined;
  await session.run('BEGIN');
  try {
    // A table that is emptied or rewritten between snapshot and lock would look empty, so the lock comes first.
    const lock = lockable ? `; LOCK TABLE ${from} IN ACCESS SHARE MODE` : '';
    await execute(session, readerSettings(settings) + lock);
    range = cursor && (await findRange((sql) => select(session, sql), cursor, { from, condition }));
    const inRange = cursor && range ? ` AND ${rangeCondition(cursor, range)}` : '';
    const source = { from, condition: condition + inRange };
    rows = await copyPart(session, { columns, asText }, [source], path.join(directory, PART));
  } finally {
    await session.rollback();
  }
  context.progress(rows);
  const part = await describePart(directory, PART, rows, context.signal);
  const found = columns.map((column) => datasetColumn(column, asText));
  return { parts: [part], columns: found, rows, filterPending: false, ...(range && { range }) };
}
