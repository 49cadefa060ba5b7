import type { InputColumn, Nested, NestedField, Wire, WireBatch } from './plan.js';

/** A row as a function sees it. */
export type Row = Record<string, unknown>;

/** The rows of a batch. */
export function decodeRows(columns: readonly InputColumn[], batch: WireBatch): Row[] {
  const rows: Row[] = Array.from({ length: batch.rows }, () => ({}));
  columns.forEach((column, index) => {
    const values = batch.columns[index] as readonly Wire[];
    const read = reader(column);
    for (let row = 0; row < batch.rows; row++) {
      const value = values[row] as Wire;
      if (value !== null) (rows[row] as Row)[column.name] = read === undefined ? value : read(value);
      else if (!column.leaveOut) (rows[row] as Row)[column.name] = null;
    }
  });
  return rows;
}

function reader({ read, nested }: InputColumn): ((value: Wire) => unknown) | undefined {
  if (read === 'plain') return undefined;
  if (read === 'date') return (value) => new Date(value as number);
  return (value) => revive(JSON.parse(value as string) as unknown, nested);
}

/** Makes of a value that JSON has brought what its schema says it is. */
function revive(value: unknown, nested: Nested): unknown {
  if (nested === 'as it is' || value === null) return value;
  if (typeof nested === 'string') return reviveLeaf(value, nested);
  if ('list' in nested) return Array.isArray(value) ? value.map((item) => revive(item, nested.list)) : value;
  if ('tuple' in nested)
    return Array.isArray(value) ? value.map((item, index) => revive(item, nested.tuple[index] ?? nested.rest)) : value;
  if (typeof value !== 'object' || Array.isArray(value)) return value;
  if ('values' in nested)
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, revive(item, nested.values)]));
  return reviveFields(value as Row, nested.fields);
}

function reviveLeaf(value: unknown, leaf: 'bigint' | 'number' | 'date'): unknown {
  if (leaf === 'bigint') return typeof value === 'string' || typeof value === 'number' ? BigInt(value) : value;
  if (leaf === 'number') return typeof value === 'string' ? Number(value) : value;
  if (typeof value !== 'string') return value;
  // DuckDB writes 2001-02-03 04:05:06.123456+00; without an offset it is UTC.
  const text = value.replace(' ', 'T').replace(/([+-]\d\d)$/, '$1:00');
  return new Date(/T.*(?:Z|[+-]\d\d:\d\d)$/.test(text) || !text.includes('T') ? text : `${text}Z`);
}

function reviveFields(value: Row, fields: Readonly<Record<string, NestedField>>): Row {
  const entries = Object.entries(value).flatMap(([key, item]): [string, unknown][] => {
    const field = Object.hasOwn(fields, key) ? fields[key] : undefined;
    if (field === undefined) return [[key, item]];
    return item === null && field.leaveOut ? [] : [[key, revive(item, field.nested)]];
  });
  return Object.fromEntries(entries);
}
