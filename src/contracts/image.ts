import type { Column } from '../core/dataset.js';
import type { Base } from './rules.js';
import { familyOf, isNumericText } from './types.js';

/** How a DuckDB value becomes the JavaScript value that zod judges. */
export interface Image {
  /** SQL of what is fetched: the value, then, for text that was read as something else, the text. */
  readonly select: readonly string[];
  /** `undefined` for NULL; the caller decides between null and a missing key. */
  read(values: readonly unknown[]): unknown;
}

// A quote goes before all text and is taken off again: the driver strips a leading U+FEFF from what it hands over.
export function quoted(sql: string): string {
  return `'"' || (${sql})`;
}

export function unquoted(value: unknown): string {
  return (value as string).slice(1);
}

function asIs(value: unknown): unknown {
  return value ?? undefined;
}

export const textImage = (sql: string): Image => ({
  select: [quoted(sql)],
  read: ([value]) => (value === null ? undefined : unquoted(value)),
});

/** Text that was read as a value; the text itself where it could not be. */
export function readText(value: string, raw: string, convert: (value: unknown) => unknown = (each) => each): Image {
  return {
    select: [value, quoted(raw)],
    read: ([found, held]) => (held === null ? undefined : found === null ? unquoted(held) : convert(found)),
  };
}

/** Milliseconds as a Date; what lies beyond JavaScript's reach, infinities included, is an invalid one. */
export function dateOfMillis(value: unknown): Date {
  return new Date(Number(value));
}

const NO_DATE = '-9223372036854775807';

/** SQL of a date's milliseconds since 1970; a number no Date can hold for infinities. */
export function millisOf(v: string): string {
  return `CASE WHEN isfinite(${v}) THEN epoch_ms(${v}) WHEN ${v} IS NOT NULL THEN ${NO_DATE} END`;
}

/** SQL of a number as a double, correctly rounded. Wide decimals go through text: their direct cast is not exact. */
export function doubleOf(column: Column, v: string): string {
  if (isNumericText(column)) return `TRY_CAST(${v} AS DOUBLE)`;
  const decimal = /^DECIMAL\((\d+),\d+\)$/.exec(column.type);
  if (decimal && Number(decimal[1]) > 15) return `${v}::VARCHAR::DOUBLE`;
  return column.type === 'DOUBLE' ? v : `${v}::DOUBLE`;
}

/** The image of a typed column, by what its schema first looks for. */
export function typedImage(base: Base, column: Column, v: string): Image {
  const family = familyOf(column.type);
  if (base.kind === 'string') return textImage(isoText(base, column, v));
  if (
    base.kind === 'bigint' ||
    (base.kind === 'values' && family === 'integer' && base.values.some((each) => typeof each === 'bigint'))
  ) {
    return { select: [`${v}::HUGEINT`], read: ([value]) => asIs(value) };
  }
  switch (family) {
    case 'integer':
    case 'float':
    case 'decimal':
      return { select: [doubleOf(column, v)], read: ([value]) => asIs(value) };
    case 'boolean':
      return { select: [v], read: ([value]) => asIs(value) };
    case 'text':
      if (base.kind === 'number' && isNumericText(column)) return readText(doubleOf(column, v), v);
      return textImage(`${v}::VARCHAR`);
    case 'date':
    case 'timestamp':
    case 'timestamptz':
      return { select: [millisOf(v)], read: ([value]) => (value === null ? undefined : dateOfMillis(value)) };
    case 'time':
      return textImage(`${v}::VARCHAR`);
    default:
      return {
        select: [quoted(`to_json(${v})::VARCHAR`)],
        read: ([value]) => (value === null ? undefined : (JSON.parse(unquoted(value)) as unknown)),
      };
  }
}

/** Text of a typed value where a contract wants text: ISO 8601, in UTC for moments. */
export function isoText(base: Base & { kind: 'string' }, column: Column, v: string): string {
  const family = familyOf(column.type);
  if (family !== 'timestamp' && family !== 'timestamptz') return column.type === 'VARCHAR' ? v : `${v}::VARCHAR`;
  const moment = `TRY_CAST(${v} AS TIMESTAMP)`;
  const zone = family === 'timestamptz' || !base.temporal?.local ? 'Z' : '';
  const micros = `(epoch_us(${moment}) % 1000000 + 1000000) % 1000000`;
  const toMinute = base.temporal?.precision === -1 ? `CASE WHEN epoch_us(${moment}) % 60000000 = 0 THEN 16 ELSE 19 END` : '19';
  const seconds = `replace(left(${moment}::VARCHAR, ${toMinute}), ' ', 'T')`;
  return `CASE WHEN ${hasFourDigitYear(moment)} THEN ${seconds} || ${fraction(base.temporal?.precision, micros)} || '${zone}' ELSE ${v}::VARCHAR END`;
}

// Other years keep DuckDB's text, which no ISO format accepts.
function hasFourDigitYear(moment: string): string {
  return `isfinite(${moment}) AND ${moment} >= TIMESTAMP '0001-01-01' AND ${moment} < TIMESTAMP '10000-01-01'`;
}

/** A condition by which a typed date or moment is what its ISO format accepts, without making text of it; where there is one. */
export function isoShortcut(base: Base & { kind: 'string' }, column: Column, v: string): string | undefined {
  const family = familyOf(column.type);
  if (base.temporal?.format === 'date' && family === 'date') return `${v} BETWEEN DATE '0001-01-01' AND DATE '9999-12-31'`;
  const isMoment = base.temporal?.format === 'datetime' && (family === 'timestamp' || family === 'timestamptz');
  return isMoment && base.temporal.precision === undefined ? `(${hasFourDigitYear(`TRY_CAST(${v} AS TIMESTAMP)`)})` : undefined;
}

// A typed moment has no digits of its own: it shows as many as the contract asks for, all six where that would lose some.
function fraction(precision: number | undefined, micros: string): string {
  const all = `'.' || lpad((${micros})::VARCHAR, 6, '0')`;
  if (precision === undefined || precision <= 0) return `CASE WHEN ${micros} = 0 THEN '' ELSE ${all} END`;
  if (precision >= 6) return `${all} || '${'0'.repeat(precision - 6)}'`;
  return `CASE WHEN ${micros} % ${10 ** (6 - precision)} = 0 THEN left(${all}, ${precision + 1}) ELSE ${all} END`;
}
