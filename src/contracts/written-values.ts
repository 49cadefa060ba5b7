import type { Column } from '../core/dataset.js';
import { isNestedType, parseType, type DuckType } from './duck-type.js';
import { isJson } from './nested-types.js';
import { familyOf } from './types.js';

/** A value that zod gave, as text from which {@link readWritten} makes the column's type; `null` for none. */
export function writable(value: unknown, column: Column): string | null {
  if (value === undefined || value === null) return null;
  if (isJson(column)) return jsonText(value);
  if (isNestedType(column.type)) return jsonText(value, parseType(column.type));
  if (value instanceof Date) return value.toISOString();
  if (typeof value === 'string') return textOf(value, column.type);
  if (Object.is(value, -0)) return '-0';
  return typeof value === 'number' || typeof value === 'bigint' ? String(value) : JSON.stringify(value);
}

/** SQL of a column's value, from SQL of the text that {@link writable} gave; NULL for what the type cannot hold as it is. */
export function readWritten(sql: string, { type }: Column): string {
  // A part that its type cannot hold must not become NULL within the rest: only a plain cast refuses the whole.
  if (isNestedType(type)) return `TRY(CAST(CAST(${sql} AS JSON) AS ${type}))`;
  // Only the type with a zone reads an offset; the other would leave it out.
  const given = familyOf(type) === 'timestamp' ? `TRY_CAST(${sql} AS TIMESTAMPTZ)` : sql;
  const read = `TRY_CAST(${given} AS ${type})`;
  const same = sameValue(sql, read, type);
  return same === undefined ? read : `CASE WHEN ${same} THEN ${read} END`;
}

// A cast to these rounds, or cuts off, where there is more than the type holds.
function sameValue(sql: string, read: string, type: string): string | undefined {
  switch (familyOf(type)) {
    case 'integer':
    case 'decimal':
      return `${read}::VARCHAR::DOUBLE = TRY_CAST(${sql} AS DOUBLE)`;
    case 'float':
      return type === 'DOUBLE' ? undefined : `${read}::DOUBLE = TRY_CAST(${sql} AS DOUBLE)`;
    case 'date':
      return `${read} = TRY_CAST(${sql} AS TIMESTAMP)`;
    default:
      return undefined;
  }
}

// DuckDB reads no time without seconds.
function textOf(value: string, type = ''): string {
  return type.startsWith('TIMESTAMP') ? value.replace(/(T\d\d:\d\d)(?=Z|[+-]|$)/, '$1:00') : value;
}

// Half a surrogate pair: what has one is no text, so that the row is rejected. JSON would make null of such a number.
const NOT_IN_JSON = '\ud800';

// DuckDB reads a large integer of JSON as a double: where it becomes a value of a type, it is given as text. A structure
// wants every field.
function jsonText(value: unknown, of?: DuckType): string {
  const type = of?.text === 'JSON' ? undefined : of;
  if (value === undefined || value === null) return 'null';
  if (typeof value === 'bigint') return type === undefined ? String(value) : `"${value}"`;
  if (Object.is(value, -0)) return '-0.0';
  if (typeof value === 'number' && !Number.isFinite(value)) return type === undefined ? NOT_IN_JSON : String(value);
  if (typeof value === 'string') return JSON.stringify(textOf(value, type?.text));
  if (typeof value !== 'object' || value instanceof Date) return JSON.stringify(value);
  if (Array.isArray(value))
    return `[${value.map((item) => jsonText(item, type?.kind === 'list' ? type.element : type)).join(',')}]`;
  const entries =
    type?.kind === 'struct'
      ? type.fields.map((field) => [field.name, (value as Readonly<Record<string, unknown>>)[field.name], field.type] as const)
      : Object.entries(value)
          .filter(([, part]) => part !== undefined)
          .map(([name, part]) => [name, part, type?.kind === 'map' ? type.value : type] as const);
  return `{${entries.map(([name, part, partType]) => `${JSON.stringify(name)}:${jsonText(part, partType)}`).join(',')}}`;
}
