import { TerminalError, type ErrorDetails } from '../../core/errors.js';
import { quoteIdentifier, quoteLiteral } from '../../core/filter.js';
import type { BoundValue, Statement } from '../../core/statement.js';

/** A fault of a transform's SQL, told in full: nobody has to look at it more closely. */
export class SqlFault extends TerminalError {
  constructor(message: string, details: ErrorDetails, options?: ErrorOptions) {
    super('QUERY_FAILED', message, details, options);
  }
}

/** A SELECT of somebody else's within one of ours, and the way back from a place in it. */
export interface WrappedSql {
  readonly sql: string;
  /** Where a character of `sql` stands in the SELECT as it was written; `undefined` for what is ours. */
  readonly placeOf: (offset: number) => { readonly line: number; readonly column: number } | undefined;
}

interface Piece {
  readonly text: string;
  /** Where it was in the statement. */
  readonly from: number;
  readonly isLiteral: boolean;
}

/**
 * The SELECT over its inputs: each is a CTE of its name around the subquery in which the SELECT stands, so that the SELECT may
 * have a WITH of its own, and cannot be a statement that writes. Parameters become literals. That it is one statement is for
 * the caller to prove.
 *
 * @param inputs the SELECT behind each input
 * @throws TerminalError QUERY_FAILED for a parameter that the run has not
 */
export function wrapStatement(
  statement: Statement,
  inputs: Readonly<Record<string, string>>,
  parameters: readonly string[],
): WrappedSql {
  const pieces = bindLiterals(statement, parameters);
  const head = `${withInputs(inputs)}SELECT * FROM (\n`;
  const sql = `${head}${pieces.map((piece) => piece.text).join('')}\n) AS result`;
  return { sql, placeOf: (offset) => placeIn(statement.sql, originalOffset(pieces, offset - head.length)) };
}

// A name with capitals is there twice, since a name without quotes is folded to lower case.
function withInputs(inputs: Readonly<Record<string, string>>): string {
  const names = Object.keys(inputs);
  const folded = names.filter((name) => name !== name.toLowerCase() && !names.includes(name.toLowerCase()));
  const tables = [
    ...Object.entries(inputs),
    ...folded.map((name) => [name.toLowerCase(), `SELECT * FROM ${quoteIdentifier(name)}`] as const),
  ];
  // Not materialized: the planner shall see through them, however often an input is read.
  const ctes = tables.map(([name, select]) => `${quoteIdentifier(name)} AS NOT MATERIALIZED (${select})`);
  return ctes.length === 0 ? '' : `WITH ${ctes.join(', ')}\n`;
}

/*
 * The parts of SQL in which a $ means nothing: texts (E'…' has backslashes), quoted names, comments, names that hold a $;
 * texts in dollar quotes and nested comments begin here and are ended by hand.
 */
const TOKEN =
  /[eE]'(?:[^'\\]|\\[\s\S]|'')*'|'(?:[^']|'')*'|"(?:[^"]|"")*"|--[^\n]*|\/\*|[\p{L}_][\p{L}\p{N}_$]*|\$(?:[\p{L}_][\p{L}\p{N}_]*)?\$|\$([\p{L}_][\p{L}\p{N}_]*|\d+)/gu;

function bindLiterals({ sql, values }: Statement, parameters: readonly string[]): Piece[] {
  const token = new RegExp(TOKEN);
  const pieces: Piece[] = [];
  let from = 0;
  for (let match = token.exec(sql); match !== null; match = token.exec(sql)) {
    const [text, parameter] = match;
    if (parameter === undefined) {
      if (text === '/*') token.lastIndex = endOfComment(sql, match.index);
      else if (text.startsWith('$')) token.lastIndex = endOfDollarQuote(sql, match.index, text);
      continue;
    }
    pieces.push({ text: sql.slice(from, match.index), from, isLiteral: false });
    pieces.push({ text: literal(parameter, valueOf(values, parameter, parameters)), from: match.index, isLiteral: true });
    from = token.lastIndex;
  }
  return [...pieces, { text: sql.slice(from), from, isLiteral: false }];
}

function endOfComment(sql: string, start: number): number {
  const border = /\/\*|\*\//g;
  border.lastIndex = start;
  let depth = 0;
  for (let match = border.exec(sql); match !== null; match = border.exec(sql)) {
    depth += match[0] === '/*' ? 1 : -1;
    if (depth === 0) return border.lastIndex;
  }
  return sql.length;
}

function endOfDollarQuote(sql: string, start: number, tag: string): number {
  const end = sql.indexOf(tag, start + tag.length);
  return end === -1 ? sql.length : end + tag.length;
}

function valueOf(values: Statement['values'], parameter: string, parameters: readonly string[]): BoundValue {
  const value = Array.isArray(values)
    ? (values as readonly BoundValue[])[Number(parameter) - 1]
    : (values as Readonly<Record<string, BoundValue>>)[parameter];
  if (value !== undefined) return value;
  throw new SqlFault(
    `The SQL uses $${parameter}, which the run has no parameter for. It has: ${parameters.join(', ') || 'none'}.`,
    { parameter },
  );
}

// A text has no type of its own, so that it becomes a date where it is compared with one; blanks keep it apart from its neighbours.
function literal(parameter: string, value: BoundValue): string {
  if (typeof value === 'string' && value.includes('\0')) {
    throw new TerminalError(
      'PARAMETERS_INVALID',
      `The parameter "${parameter}" has a NUL byte, which no text in Postgres holds.`,
    );
  }
  if (typeof value === 'number') return `(${value})`;
  if (typeof value !== 'object' || value === null) return ` ${quoteLiteral(value)} `;
  return 'bigint' in value ? `(${value.bigint})` : ` ${quoteLiteral(value.instant)}::timestamptz `;
}

function originalOffset(pieces: readonly Piece[], offset: number): number {
  let passed = 0;
  for (const { text, from, isLiteral } of pieces) {
    if (offset < passed + text.length) return isLiteral ? from : from + offset - passed;
    passed += text.length;
  }
  return -1;
}

function placeIn(sql: string, offset: number): { line: number; column: number } | undefined {
  if (offset < 0) return undefined;
  const before = sql.slice(0, offset).split('\n');
  return { line: before.length, column: (before.at(-1)?.length ?? 0) + 1 };
}
