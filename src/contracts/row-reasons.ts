import type { RowShape, ZodBatch } from './zod-rows.js';

/** A reason without the value, which SQL adds. */
export interface Head {
  readonly code: string;
  readonly path: string;
  readonly message: string;
  /** Null for the whole row. */
  readonly column: string | null;
}

/** A rejected row as a line of JSON: its number, its reasons up to their values, and whose values those are. */
export function rejectLine(r: number, reasons: readonly Head[]): string {
  const heads = reasons.map(({ code, path, message }) => `${JSON.stringify({ code, path, message }).slice(0, -1)},"value":`);
  return JSON.stringify({ r, heads, columns: reasons.map(({ column }) => column) });
}

/** The verdict SQL gave stands even where zod finds nothing: the value has no place in the column's type. */
export const UNHELD: Head = { code: 'custom', path: '', message: 'A value cannot be held in its column’s type', column: null };

/** What is said of a value that a column's type has no place for. */
export function cannotHold(type: string): string {
  return `The value cannot be held as ${type}`;
}

/** As zod leaves out refinements of a whole object once a key has no usable value. */
export const STOPS_ROW_RULES: ReadonlySet<string> = new Set([
  'invalid_type',
  'invalid_value',
  'invalid_union',
  'invalid_key',
  'invalid_element',
]);

export function brokenRules({ rules }: RowShape, batch: ZodBatch, row: number): Head[] {
  return rules
    .filter(({ at }) => batch.columns[at]?.[row] !== true)
    .map(({ name }) => ({ code: 'row_rule', path: '', message: name, column: null }));
}

/** What zod reports. */
export interface Issue {
  readonly code?: string | undefined;
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

/** Of a row with more issues than these, as a long list may have, the others are only counted. */
const MOST_ISSUES = 1000;

export function reasonsOf(issues: readonly Issue[]): Head[] {
  const reasons = issues.slice(0, MOST_ISSUES).map(reasonOf);
  const more = issues.length - reasons.length;
  if (more > 0) reasons.push({ code: 'custom', path: '', message: `${more} more issues`, column: null });
  return reasons;
}

function reasonOf(issue: Issue): Head {
  const column = issue.path[0];
  return {
    code: issue.code ?? 'custom',
    path: cut(issue.path.map(String).join('.')),
    message: cut(issue.message),
    column: typeof column === 'string' ? column : null,
  };
}

/** Keys of a record, which both may name, can be of any length. */
const MOST_TEXT = 10_000;

// Half a surrogate pair, as a pattern may hold, is no text for DuckDB.
function cut(text: string): string {
  return text.slice(0, MOST_TEXT).toWellFormed();
}
