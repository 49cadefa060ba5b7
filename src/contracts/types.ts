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
  if (type === 'VARCHAR' || type === 'UUID' || type.startsWith('ENUM(')) return 'text';
  if (type === 'BOOLEAN') return 'boolean';
  if (type === 'DATE') return 'date';
  if (type === 'TIMESTAMP WITH TIME ZONE') return 'timestamptz';
  if (/^TIMESTAMP(?:_S|_MS|_NS)?$/.test(type)) return 'timestamp';
  if (type === 'TIME') return 'time';
  return 'other';
}

/** The widest integers that a file keeps: Parquet has no HUGEINT, and would make it a DOUBLE. */
export const WIDE_INTEGER = 'DECIMAL(38,0)';

/** The type that values without parts get where the contract alone decides. */
export function canonicalScalar(base: Base): string {
  switch (base.kind) {
    case 'string':
      return temporalType(base.temporal);
    case 'number':
      if (base.format === 'int32') return 'INTEGER';
      return base.format === 'safeint' || base.format === 'uint32' ? 'BIGINT' : 'DOUBLE';
    case 'bigint':
      return base.format === 'int64' ? 'BIGINT' : base.format === 'uint64' ? 'DECIMAL(20,0)' : WIDE_INTEGER;
    case 'boolean':
    case 'stringbool':
      return 'BOOLEAN';
    case 'date':
      return 'TIMESTAMP WITH TIME ZONE';
    case 'values':
      return typeOfValues(base.values);
    case 'other':
      return base.type === 'nan' ? 'DOUBLE' : 'VARCHAR';
    default:
      return 'VARCHAR';
  }
}

// A time of day stays text: zod's values may lack the seconds, which TIME would add.
function temporalType(temporal: (Base & { kind: 'string' })['temporal']): string {
  if (temporal?.format === 'date') return 'DATE';
  if (temporal?.format !== 'datetime') return 'VARCHAR';
  // A TIMESTAMP would forget the offset.
  return temporal.local && !temporal.offset ? 'TIMESTAMP' : 'TIMESTAMP WITH TIME ZONE';
}

function typeOfValues(values: readonly (string | number | boolean | bigint)[]): string {
  const kinds = new Set(values.map((value) => typeof value));
  if (kinds.size !== 1) return 'VARCHAR';
  if (kinds.has('number')) return values.every((value) => Number.isSafeInteger(value)) ? 'BIGINT' : 'DOUBLE';
  if (kinds.has('bigint')) return values.every((value) => BigInt.asIntN(64, value as bigint) === value) ? 'BIGINT' : WIDE_INTEGER;
  return kinds.has('boolean') ? 'BOOLEAN' : 'VARCHAR';
}

/** Whether values without parts, of a column's type, are such as the contract speaks of. */
export function fitsScalar(base: Base, column: Column): boolean {
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
    case 'stringbool':
      return family === 'text';
    case 'date':
      return family === 'date' || family === 'timestamp' || family === 'timestamptz';
    case 'values':
      return base.values.length === 0 || base.values.some((value) => valueFits(value, family));
    default:
      return true;
  }
}

/**
 * Whether a type that fits holds any value that a function may give, or refuses it: another would round a fraction to a whole
 * number, cut the time off a date, or change the case of text.
 */
export function keepsWhole(base: Base, column: Column): boolean {
  if (column.type === 'VARCHAR' || column.type === 'DOUBLE') return true;
  const family = familyOf(column.type);
  const isExact = family === 'integer' || family === 'decimal';
  switch (base.kind) {
    case 'number':
      return isExact && ['safeint', 'int32', 'uint32'].includes(base.format ?? '');
    case 'values':
      return family === 'boolean' || (isExact && base.values.every((value) => Number.isInteger(Number(value))));
    case 'date':
      return family !== 'date';
    case 'string':
      return family !== 'text' && family !== 'time';
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

const WIDTHS: Readonly<Record<string, number>> = { TINYINT: 8, SMALLINT: 16, INTEGER: 32, BIGINT: 64, HUGEINT: 128 };

/** Whether a type surely holds a constant exactly. */
export function holds(type: string, value: unknown): boolean {
  if (typeof value === 'number' || typeof value === 'bigint') {
    if (type === 'DOUBLE') return typeof value === 'number';
    if (type === 'FLOAT') return typeof value === 'number' && Math.fround(value) === value;
    if (type.startsWith('DECIMAL')) return fitsDecimal(type, String(value));
    const width = WIDTHS[type.replace(/^U/, '')];
    if (width === undefined || (typeof value === 'number' && !Number.isSafeInteger(value))) return false;
    const [low, high] = type.startsWith('U') ? [0n, 2n ** BigInt(width)] : [-(2n ** BigInt(width - 1)), 2n ** BigInt(width - 1)];
    return BigInt(value) >= low && BigInt(value) < high;
  }
  if (typeof value === 'string') return type === 'VARCHAR';
  if (typeof value === 'boolean') return type === 'BOOLEAN';
  return value instanceof Date && /^TIMESTAMP( WITH TIME ZONE|_MS)?$/.test(type);
}

function fitsDecimal(type: string, value: string): boolean {
  const [, precision, scale] = /^DECIMAL\((\d+),(\d+)\)$/.exec(type) ?? [];
  const [, whole = '', fraction = ''] = /^-?(\d+)(?:\.(\d+))?$/.exec(value) ?? [];
  return whole !== '' && whole.length <= Number(precision) - Number(scale) && fraction.length <= Number(scale);
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
    case 'stringbool':
      return 'text';
    case 'date':
      return 'DATE or TIMESTAMP';
    case 'list':
    case 'tuple':
      return 'a list';
    case 'json':
    case 'object':
    case 'map':
      return 'an object (STRUCT, MAP or JSON)';
    case 'union':
      return [...new Set(base.options.map((option) => describeBase(option.base)))].join(' or ');
    case 'values':
      return `one of ${base.values.slice(0, 5).map(String).join(', ')}`;
    default:
      return 'any type';
  }
}
