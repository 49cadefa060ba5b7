import type pg from 'pg';
import { TerminalError } from '../../core/errors.js';
import { resolveCursor, type Cursor } from './cursor-range.js';
import type { ReadAttempt } from './reading.js';
import { describeSelect, type SourceColumn } from './source-columns.js';

/** What the rows are made of, and where reading begins. */
export interface Described {
  /** Those that are read, in order. */
  readonly columns: readonly SourceColumn[];
  readonly cursor: Cursor | undefined;
}

/**
 * Asks the server what a table or query has.
 *
 * @param side a session in UTC
 * @throws TerminalError COLUMN_MISSING, OPTION_INVALID, CURSOR_UNSUITABLE
 */
export async function describeSource(side: pg.Client, { reading, options, settings }: ReadAttempt): Promise<Described> {
  const all = await describeSelect(side, `SELECT * FROM ${reading.from}`);
  const byName = new Map(all.map((column) => [column.name, reading.isTable ? column : { ...column, nullable: true }]));
  for (const name of [...(options.columns ?? []), ...Object.keys(options.where ?? {})]) {
    if (byName.has(name)) continue;
    throw new TerminalError(
      'COLUMN_MISSING',
      `${reading.label} in connection "${settings.connection}" has no column "${name}". It has: ${[...byName.keys()].slice(0, 50).join(', ')}.`,
    );
  }
  const place = `${reading.label} in connection "${settings.connection}"`;
  return {
    columns: options.columns?.map((name) => byName.get(name) as SourceColumn) ?? [...byName.values()],
    cursor: await resolveCursor(side, options, [...byName.values()], place),
  };
}
