import { double, text } from './sql-text.js';

/** A constant of a contract as a value of a type, in SQL; NULL for what has no literal. */
export function constantOf(value: unknown, type: string): string {
  const isComposite = typeof value === 'object' && value !== null && !(value instanceof Date);
  if (!isComposite) return `CAST(${literalOf(value)} AS ${type})`;
  const json = text(JSON.stringify(value));
  return type === 'VARCHAR' ? json : `CAST(CAST(${json} AS JSON) AS ${type})`;
}

function literalOf(value: unknown): string {
  if (value instanceof Date) return `TIMESTAMPTZ '${value.toISOString()}'`;
  if (typeof value === 'string') return text(value);
  if (typeof value === 'number') return double(value);
  if (typeof value === 'bigint') return `'${value}'::HUGEINT`;
  return typeof value === 'boolean' ? String(value) : 'NULL';
}
