import { double, text } from './sql-text.js';

/** A constant of a contract in SQL; NULL for what has no literal. */
export function literalOf(value: unknown): string {
  if (value instanceof Date) return `TIMESTAMPTZ '${value.toISOString()}'`;
  if (typeof value === 'string') return text(value);
  if (typeof value === 'number') return double(value);
  if (typeof value === 'bigint') return `'${value}'::HUGEINT`;
  return typeof value === 'boolean' ? String(value) : 'NULL';
}
