import { quoteIdentifier } from '../core/filter.js';

/** A DuckDB type taken apart. */
export type DuckType =
  | { readonly kind: 'scalar'; readonly text: string }
  | { readonly kind: 'list'; readonly element: DuckType; readonly isSized: boolean; readonly text: string }
  | { readonly kind: 'struct'; readonly fields: readonly DuckField[]; readonly text: string }
  | { readonly kind: 'map'; readonly key: DuckType; readonly value: DuckType; readonly text: string };

export interface DuckField {
  readonly name: string;
  readonly type: DuckType;
}

/** Takes a type apart, as `DESCRIBE` prints it: `STRUCT(a INTEGER, "b c" VARCHAR[])`, `MAP(VARCHAR, DOUBLE)`. */
export function parseType(written: string): DuckType {
  const text = written.trim();
  const sized = /\[(\d*)\]$/.exec(text);
  if (sized) return { kind: 'list', element: parseType(text.slice(0, sized.index)), isSized: sized[1] !== '', text };
  const inner = /^(STRUCT|MAP)\((.*)\)$/s.exec(text);
  if (!inner) return { kind: 'scalar', text };
  const parts = splitAtCommas(inner[2] as string);
  if (inner[1] === 'MAP') {
    const [key = '', value = ''] = parts;
    return { kind: 'map', key: parseType(key), value: parseType(value), text };
  }
  return { kind: 'struct', fields: parts.map(parseField), text };
}

function parseField(written: string): DuckField {
  const [, quoted, plain, type = ''] = /^\s*(?:"((?:[^"]|"")*)"|(\S+))\s+(.*)$/s.exec(written) ?? [];
  return { name: quoted === undefined ? (plain ?? '') : quoted.replaceAll('""', '"'), type: parseType(type) };
}

// Commas within brackets, names and the texts of an ENUM separate nothing.
function splitAtCommas(list: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let quote: string | undefined;
  let from = 0;
  for (let at = 0; at < list.length; at++) {
    const char = list[at] as string;
    if (quote !== undefined) {
      if (char === quote) quote = undefined;
    } else if (char === '"' || char === "'") quote = char;
    else if (char === '(') depth++;
    else if (char === ')') depth--;
    else if (char === ',' && depth === 0) {
      parts.push(list.slice(from, at));
      from = at + 1;
    }
  }
  parts.push(list.slice(from));
  return parts;
}

/** The type of a structure with these fields, as SQL. */
export function structType(fields: readonly { readonly name: string; readonly type: string }[]): string {
  return `STRUCT(${fields.map(({ name, type }) => `${quoteIdentifier(name)} ${type}`).join(', ')})`;
}

/** Whether values of the type have parts. */
export function isNestedType(text: string): boolean {
  return parseType(text).kind !== 'scalar';
}
