import type pg from 'pg';
import type { CursorRange } from '../../core/cursor.js';
import { TerminalError } from '../../core/errors.js';
import { quoteIdentifier, quoteLiteral } from '../../core/filter.js';
import type { ExtractOptions } from '../contract.js';
import { datasetColumn, type SourceColumn } from './source-columns.js';

/** A column by which a table is read, and where reading begins: known before the snapshot is taken. */
export interface Cursor {
  readonly column: SourceColumn;
  readonly after: string | null;
  readonly from: string | null;
  readonly options: ExtractOptions;
  /** Table or query, and connection, as people name them. */
  readonly place: string;
}

/** What is read, in SQL: the table or query, and a condition on its rows. */
export interface CursorSource {
  readonly from: string;
  readonly condition: string;
}

/** Runs a SELECT on the server, in the transaction that then reads, and gives its rows. */
export type Ask = <T>(sql: string) => Promise<T[]>;

/** How values of one kind of column are written as text, and compared. Dates and times are in UTC: sessions have to be, too. */
interface Kind {
  /** What a literal is cast to. For whole numbers the widest, which an index on any of them serves. */
  readonly cast: string;
  /** The expression as text, as {@link CursorRange} has it. */
  readonly write: (value: string) => string;
  /** The value less the lag. Absent where nothing can be taken from a value. */
  readonly less?: (value: string, lag: string) => string;
  readonly lag?: { readonly cast: string; readonly pattern: RegExp; readonly example: string };
  /** True for values after which there is no other: no range could end there. */
  readonly endless?: (value: string) => string;
}

const INTERVAL = { cast: 'interval', pattern: /\D/, example: "'1 hour'" };
const WHOLE: Kind = {
  cast: 'int8',
  write: (value) => `(${value})::text`,
  less: (value, lag) => `greatest(${value}::numeric - ${lag}, -9223372036854775808)::int8`,
  lag: { cast: 'numeric', pattern: /^\d+$/, example: '1000' },
};
const TEXT: Kind = { cast: 'text', write: (value) => `(${value})::text` };
const LAST_TIMESTAMP = "'294247-01-01'";

function timeKind(cast: 'timestamp' | 'timestamptz'): Kind {
  const local = cast === 'timestamp';
  return {
    cast,
    write: (value) =>
      local
        ? `to_char(${value}, 'YYYY-MM-DD"T"HH24:MI:SS.US')`
        : `to_char((${value}) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`,
    less: (value, lag) => `${value} - ${lag}`,
    lag: INTERVAL,
    endless: (value) => `${value} >= ${LAST_TIMESTAMP} OR ${value} < '0001-01-01'`,
  };
}

const KINDS: Readonly<Record<string, Kind>> = {
  int2: WHOLE,
  int4: WHOLE,
  int8: WHOLE,
  numeric: {
    cast: 'numeric',
    write: (value) => `(${value})::text`,
    less: (value, lag) => `${value} - ${lag}`,
    lag: { cast: 'numeric', pattern: /^\d+(\.\d+)?$/, example: '10' },
    endless: (value) => `${value} = 'NaN'`,
  },
  date: {
    cast: 'date',
    write: (value) => `to_char(${value}, 'YYYY-MM-DD')`,
    less: (value, lag) => `(${value} - ${lag})::date`,
    lag: INTERVAL,
    endless: (value) => `${value} = 'infinity' OR ${value} < '0001-01-01'`,
  },
  timestamp: timeKind('timestamp'),
  timestamptz: timeKind('timestamptz'),
  text: TEXT,
  varchar: TEXT,
};

/** A longer text would not fit into references and ledgers. */
const LONGEST_TEXT = 200;

/**
 * The cursor that a step asks for, if it does, with the value where reading begins as the server understands it.
 *
 * @param side a session in UTC
 * @throws TerminalError OPTION_INVALID, COLUMN_MISSING, CURSOR_UNSUITABLE
 */
export async function resolveCursor(
  side: pg.Client,
  options: ExtractOptions,
  columns: readonly SourceColumn[],
  place: string,
): Promise<Cursor | undefined> {
  const column = chooseColumn(options, columns, place);
  if (column === undefined) return undefined;
  const kind = kindOf(column, place);
  const lag = lagLiteral(options, kind, column, place);
  const given = afterOf(options, column, place);
  if (given === null) return { column, options, place, after: null, from: null };
  const value = `${quoteLiteral(given)}::${kind.cast}`;
  const begin = lag === undefined ? value : (kind.less as NonNullable<Kind['less']>)(value, lag);
  const { rows } = await side
    .query<{ after: string; begin: string; forwards: boolean }>(
      `SELECT ${kind.write(value)} AS after, ${kind.write(begin)} AS begin, ${begin} <= ${value} AS forwards`,
    )
    .catch((error: unknown) => {
      const { code, message } = error as { code?: string; message: string };
      if (code?.startsWith('22') !== true) throw error;
      const why = `The extract from ${place} cannot begin after "${given}"${lag === undefined ? '' : ` less the lag "${options.lag}"`}, by the column ${named(column)}: ${message}.`;
      throw new TerminalError('OPTION_INVALID', `${why} Correct \`after\` or \`lag\`.`);
    });
  const [resolved] = rows;
  if (resolved?.forwards !== true) {
    throw new TerminalError(
      'OPTION_INVALID',
      `The lag of the extract from ${place} is "${options.lag}", and must not be negative.`,
    );
  }
  // A watermark stands as it is written: what the ledger compares it with must not change with the column's type.
  const isWatermark = typeof options.after === 'object';
  return {
    column,
    options,
    place,
    after: isWatermark ? given : resolved.after,
    from: lag === undefined && isWatermark ? given : resolved.begin,
  };
}

/**
 * Finds the end of the range. To be called in the transaction that then reads, so that both see the same rows.
 *
 * @throws TerminalError CURSOR_UNSUITABLE when the column holds a value that no other can follow
 */
export async function findRange(ask: Ask, cursor: Cursor, source: CursorSource): Promise<CursorRange> {
  const { column, after, from, options } = cursor;
  const watermark = typeof options.after === 'object' && options.after !== null ? options.after : undefined;
  const facts = {
    column: column.name,
    type: datasetColumn(column, new Set()).type,
    after,
    from,
    ...(watermark && { watermark: { target: watermark.target, name: watermark.name, step: watermark.step } }),
  };
  const withoutCursor = column.nullable ? await countWithout(ask, cursor, source) : 0;
  if (watermark?.upTo !== undefined) return { ...facts, upTo: watermark.upTo, withoutCursor };
  return { ...facts, upTo: await largest(ask, cursor, source), withoutCursor };
}

/** The condition, in the server's SQL, that a row is in the range or has no cursor. */
export function rangeCondition({ column }: Cursor, range: CursorRange): string {
  const kind = KINDS[column.base] as Kind;
  const value = comparable(column);
  const terms = [
    ...(range.from === null ? [] : [`${value} >= ${quoteLiteral(range.from)}::${kind.cast}`]),
    range.upTo === null ? 'FALSE' : `${value} <= ${quoteLiteral(range.upTo)}::${kind.cast}`,
  ];
  const without = range.withoutCursor > 0 ? ` OR ${quoteIdentifier(column.name)} IS NULL` : '';
  return `(${terms.join(' AND ')}${without})`;
}

async function countWithout(ask: Ask, { column }: Cursor, { from, condition }: CursorSource): Promise<number> {
  const [row] = await ask<{ rows: bigint | string }>(
    `SELECT count(*) AS rows FROM ${from} WHERE ${quoteIdentifier(column.name)} IS NULL AND (${condition})`,
  );
  return Number(row?.rows);
}

async function largest(ask: Ask, { column, after, place }: Cursor, source: CursorSource): Promise<string | null> {
  const kind = KINDS[column.base] as Kind;
  const end = after === null ? 'value' : `greatest(value, ${quoteLiteral(after)}::${kind.cast})`;
  const [row] = await ask<{ up_to: string | null; endless: boolean | null }>(
    `SELECT ${kind.write(end)} AS up_to, ${kind.endless?.('value') ?? 'FALSE'} AS endless
     FROM (SELECT max(${comparable(column)}) AS value FROM ${source.from} WHERE ${source.condition}) AS largest`,
  );
  const upTo = row?.up_to ?? null;
  if (row?.endless === true || (upTo?.length ?? 0) > LONGEST_TEXT) {
    const why =
      row?.endless === true
        ? 'holds infinity, NaN or a date far from ours, which no later value can follow'
        : `holds a text of more than ${LONGEST_TEXT} characters`;
    throw new TerminalError(
      'CURSOR_UNSUITABLE',
      `The column ${named(column)} of ${place} cannot be the cursor: it ${why}. Correct those rows, or leave them out with \`where\`.`,
    );
  }
  return upTo;
}

// Texts in the order of their bytes, which every system has alike.
function comparable(column: SourceColumn): string {
  const name = quoteIdentifier(column.name);
  return KINDS[column.base] === TEXT ? `${name} COLLATE "C"` : name;
}

function chooseColumn(options: ExtractOptions, columns: readonly SourceColumn[], place: string): SourceColumn | undefined {
  const { cursor, after, lag } = options;
  if (cursor === undefined) {
    const needing = after !== undefined ? 'after' : lag !== undefined ? 'lag' : undefined;
    if (needing === undefined) return undefined;
    throw new TerminalError(
      'OPTION_INVALID',
      `The extract from ${place} has \`${needing}\` without \`cursor\`: name the column that it is meant of.`,
    );
  }
  const column = columns.find(({ name }) => name === cursor);
  if (column !== undefined) return column;
  throw new TerminalError(
    'COLUMN_MISSING',
    `The cursor "${cursor}" is no column of ${place}. It has: ${columns
      .slice(0, 50)
      .map(({ name }) => name)
      .join(', ')}.`,
  );
}

function kindOf(column: SourceColumn, place: string): Kind {
  const kind = KINDS[column.base];
  const isExact = column.base !== 'numeric' || datasetColumn(column, new Set()).sourceType === undefined;
  if (kind !== undefined && isExact) return kind;
  const remedy = column.base === 'numeric' ? `${named(column)}::numeric(38,6)` : `${named(column)}::text`;
  throw new TerminalError(
    'CURSOR_UNSUITABLE',
    `The column ${named(column)} of ${place} is ${column.type}, which cannot be a cursor. Use a whole number, a numeric with at most 38 digits, a date, a timestamp or a text; or convert it in a \`query\`: ${remedy}.`,
  );
}

function afterOf({ after }: ExtractOptions, column: SourceColumn, place: string): string | null {
  if (after === undefined || after === null) return null;
  if (typeof after !== 'object') return String(after);
  if (after.column !== undefined && after.column !== column.name) {
    throw new TerminalError(
      'OPTION_INVALID',
      `The watermark of ${after.target} is a value of the column "${after.column}", and the extract from ${place} has the cursor "${column.name}". Use that column, or a watermark of another name: run.watermark({ …, name: '…' }).`,
    );
  }
  return after.value;
}

function lagLiteral({ lag }: ExtractOptions, kind: Kind, column: SourceColumn, place: string): string | undefined {
  if (lag === undefined) return undefined;
  const text = String(lag);
  if (kind.lag === undefined || !kind.lag.pattern.test(text)) {
    const expected = kind.lag === undefined ? 'a text has none' : `for this column it is written like ${kind.lag.example}`;
    throw new TerminalError(
      'OPTION_INVALID',
      `The lag "${text}" of the extract from ${place} does not fit the cursor ${named(column)} (${column.type}): ${expected}.`,
    );
  }
  return `${quoteLiteral(text)}::${kind.lag.cast}`;
}

function named(column: SourceColumn): string {
  return quoteIdentifier(column.name);
}
