import type { Column } from '../core/dataset.js';
import type { Base } from './rules.js';

/** Kinds of DuckDB types that are judged alike. */
export type Family =
  'integer' | 'float' | 'decimal' | 'text' | 'boolean' | 'date' | 'timestamp' | 'timestamptz' | 'time' | 'other';

const INTEGERS = /^U?(?:TINYINT|SMALLINT|INTEGER|BIGINT|HUGEINT)$/;

export function familyOf(type: string): Family {
  if (type.endsWith(']')) return 'other';
  if (INTEGERS.test(type)) return 'integer';
  if (type === 'FLOAT' || type === 'DOUBLE') return 'float';
  if (type.startsWith('DECIMAL')) return 'decimal';
  if (type === 'VARCHAR' || type === 'UUID' || type === 'JSON' || type.startsWith('ENUM(')) return 'text';
  if (type === 'BOOLEAN') return 'boolean';
  if (type === 'DATE') return 'date';
  if (type === 'TIMESTAMP WITH TIME ZONE') return 'timestamptz';
  if (/^TIMESTAMP(?:_S|_MS|_NS)?$/.test(type)) return 'timestamp';
  if (type === 'TIME') return 'time';
  return 'other';
}

/** The type a column gets where the contract alone decides: CSV text, and tables that are created from a contract. */
export function canonicalType(base: Base): string {
  switch (base.kind) {
    case 'string':
      return temporalType(base.temporal);
    case 'number':
      if (base.format === 'int32') return 'INTEGER';
      return base.format === 'safeint' || base.format === 'uint32' ? 'BIGINT' : 'DOUBLE';
    case 'bigint':
      return base.format === 'int64' ? 'BIGINT' : 'HUGEINT';
    case 'boolean':
      return 'BOOLEAN';
    case 'date':
      return 'TIMESTAMP WITH TIME ZONE';
    case 'values':
      return typeOfValues(base.values);
    default:
      return 'VARCHAR';
  }
}

// A time of day stays text: zod's values may lack the seconds, which TIME would add.
function temporalType(temporal: (Base & { kind: 'string' })['temporal']): string {
  if (temporal?.format === 'date') return 'DATE';
  if (temporal?.format !== 'datetime') return 'VARCHAR';
  return temporal.local ? 'TIMESTAMP' : 'TIMESTAMP WITH TIME ZONE';
}

function typeOfValues(values: readonly (string | number | boolean | bigint)[]): string {
  const kinds = new Set(values.map((value) => typeof value));
  if (kinds.size !== 1) return 'VARCHAR';
  if (kinds.has('number')) return values.every((value) => Number.isSafeInteger(value)) ? 'BIGINT' : 'DOUBLE';
  if (kinds.has('bigint')) return 'HUGEINT';
  return kinds.has('boolean') ? 'BOOLEAN' : 'VARCHAR';
}

/** Whether values of a column's type are such as the contract speaks of, so that they are judged and kept as they are. */
export function fits(base: Base, column: Column): boolean {
  const family = familyOf(column.type);
  switch (base.kind) {
    case 'string':
      return family === 'text' || temporalFits(base.temporal, family);
    case 'number':
      return family === 'integer' || family === 'float' || family === 'decimal' || isNumericText(column);
    case 'bigint':
      return family === 'integer' || /^DECIMAL\(\d+,0\)$/.test(column.type);
    case 'boolean':
      return family === 'boolean';
    case 'date':
      return family === 'date' || family === 'timestamp' || family === 'timestamptz';
    case 'values':
      return base.values.length === 0 || base.values.some((value) => valueFits(value, family));
    default:
      return true;
  }
}

function temporalFits(temporal: (Base & { kind: 'string' })['temporal'], family: Family): boolean {
  if (temporal?.format === 'date') return family === 'date';
  if (temporal?.format === 'time') return family === 'time';
  return temporal?.format === 'datetime' && (family === 'timestamp' || family === 'timestamptz');
}

/** A database's number of any precision, held as text since no DuckDB type is wide enough. */
export function isNumericText(column: Column): boolean {
  return column.type === 'VARCHAR' && column.sourceType !== undefined && /^(?:numeric|decimal)\b/.test(column.sourceType);
}

function valueFits(value: string | number | boolean | bigint, family: Family): boolean {
  switch (typeof value) {
    case 'string':
      return family === 'text';
    case 'number':
      return family === 'integer' || family === 'float' || family === 'decimal';
    case 'bigint':
      return family === 'integer';
    default:
      return family === 'boolean';
  }
}

/** What a contract's column may be, in words for a message. */
export function describeBase(base: Base): string {
  switch (base.kind) {
    case 'string':
      return base.temporal ? `text or ${{ date: 'DATE', time: 'TIME', datetime: 'TIMESTAMP' }[base.temporal.format]}` : 'text';
    case 'number':
      return 'a number';
    case 'bigint':
      return 'an integer';
    case 'boolean':
      return 'BOOLEAN';
    case 'date':
      return 'DATE or TIMESTAMP';
    case 'values':
      return `one of ${base.values.slice(0, 5).map(String).join(', ')}`;
    default:
      return 'any type';
  }
}
