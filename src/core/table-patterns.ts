import { TerminalError } from './errors.js';

/** Says which tables are meant: `public.orders`, `public.*`, `*`, `sales_?.order*`. */
export interface TablePattern {
  /** As it was written. */
  readonly text: string;
  /** Whether it can only mean tables of one name. */
  readonly isExact: boolean;
  matches(name: { readonly schema: string; readonly table: string }): boolean;
}

const SEGMENT = /"(?:[^"]|"")+"|[^".]+/y;

/**
 * Reads `table` (of any schema) or `schema.table`. `*` stands for any characters and `?` for one, in either part; a part in
 * double quotes is taken as it is. Case counts.
 *
 * @throws TerminalError OPTION_INVALID for anything else
 */
export function parseTablePattern(text: string): TablePattern {
  const segments = segmentsOf(text);
  const [first, second, ...rest] = segments ?? [];
  if (first === undefined || rest.length > 0) {
    const hint = text.startsWith('!') ? ' Tables to leave out go into `exclude`.' : '';
    throw new TerminalError(
      'OPTION_INVALID',
      `"${text}" is no pattern for tables. Write schema.table, schema.* or *; put a name that holds a dot or a star in double quotes.${hint}`,
    );
  }
  const [schema, table] = second === undefined ? ['*', first] : [first, second];
  const [isSchema, isTable] = [testOf(schema), testOf(table)];
  return {
    text,
    isExact: !hasWildcard(table) && (second === undefined || !hasWildcard(schema)),
    matches: (name) => isSchema(name.schema) && isTable(name.table),
  };
}

function segmentsOf(text: string): string[] | undefined {
  if (text.startsWith('!')) return undefined;
  const segments: string[] = [];
  for (let at = 0; ;) {
    SEGMENT.lastIndex = at;
    const [segment] = SEGMENT.exec(text) ?? [];
    if (segment === undefined) return undefined;
    segments.push(segment);
    at += segment.length;
    if (at === text.length) return segments;
    if (text[at] !== '.') return undefined;
    at += 1;
  }
}

function hasWildcard(segment: string): boolean {
  return !segment.startsWith('"') && /[*?]/.test(segment);
}

/** Whether a name is that of a segment. */
function testOf(segment: string): (name: string) => boolean {
  if (segment.startsWith('"')) {
    const literal = segment.slice(1, -1).replaceAll('""', '"');
    return (name) => name === literal;
  }
  const [first, ...others] = segment.split('*').map((piece) => Array.from(piece)) as [string[], ...string[][]];
  const last = others.pop();
  return (text) => {
    const name = Array.from(text);
    if (!fits(first, name, 0)) return false;
    if (last === undefined) return first.length === name.length;
    // Each piece at its first place leaves the most for those behind it: no other choice has to be tried.
    let from = first.length;
    for (const piece of others) {
      while (from + piece.length <= name.length && !fits(piece, name, from)) from += 1;
      from += piece.length;
    }
    return from + last.length <= name.length && fits(last, name, name.length - last.length);
  };
}

function fits(piece: readonly string[], name: readonly string[], at: number): boolean {
  return piece.every(
    (character, index) => name[at + index] !== undefined && (character === '?' || character === name[at + index]),
  );
}
