import type { Base, Check, NumberFormat, Predicate } from './rules.js';
import { double, text } from './sql-text.js';

/** How a number is at hand in SQL: as a whole number, or as a double that may be NaN or infinite. */
export type NumberKind = 'integer' | 'double';

const SAFE = 9007199254740991;
const WHOLE_RANGES = { safeint: [-SAFE, SAFE], int32: [-2147483648, 2147483647], uint32: [0, 4294967295] } as const;
const FLOAT32 = 3.4028234663852886e38;

/** That a value is a number as zod knows it. NaN and infinities are not. */
export function isNumber(v: string, kind: NumberKind): string {
  return kind === 'integer' ? `${v} IS NOT NULL` : `isfinite(${v})`;
}

/**
 * A check of a number, for use beside {@link isNumber}: DuckDB sorts NaN above everything, so alone a bound says nothing
 * of it.
 */
export function numberPredicate(check: Check, v: string, kind: NumberKind): Predicate | undefined {
  switch (check.kind) {
    case 'numberFormat':
      return { pass: numberFormat(check.format, v, kind) };
    case 'compare':
      if (typeof check.value !== 'number') return undefined;
      if (kind === 'integer') return { pass: integerCompare(v, check.op, check.value) };
      return { pass: `${v} ${check.op} ${double(check.value)}` };
    case 'multiple':
      return typeof check.of === 'number' ? { pass: multipleOf(v, check.of) } : undefined;
    default:
      return undefined;
  }
}

// JavaScript sees a large BIGINT rounded to a double, so a bound beyond 2^53 is compared as doubles.
function integerCompare(v: string, op: string, value: number): string {
  return Number.isSafeInteger(value) ? `${v} ${op} ${value}` : `${v}::DOUBLE ${op} ${double(value)}`;
}

function numberFormat(format: NumberFormat, v: string, kind: NumberKind): string {
  if (format === 'float64') return isNumber(v, kind);
  if (format === 'float32') return `abs(${v}::DOUBLE) <= ${double(FLOAT32)}`;
  const [low, high] = WHOLE_RANGES[format];
  if (kind === 'integer') return `${v} BETWEEN ${low} AND ${high}`;
  return `(trunc(${v}) = ${v} AND ${v} BETWEEN ${low} AND ${high})`;
}

function multipleOf(v: string, step: number): string {
  const ratio = `(${v}::DOUBLE / ${double(step)})`;
  const near = `abs(${ratio} - round(${ratio})) < ${double(8.881784197001252e-16)} * greatest(abs(${ratio}), 1)`;
  return `(${near})`;
}

/**
 * One condition for a number to pass all checks, with the bounds drawn together: what nearly every row is asked, instead of
 * each check for itself.
 */
export function numberPasses(checks: readonly Check[], v: string, kind: NumberKind): string {
  const bounds =
    kind === 'integer' ? { low: undefined, high: undefined } : { low: at(-Number.MAX_VALUE), high: at(Number.MAX_VALUE) };
  const range: Range = { ...bounds };
  const others = checks.filter((check) => !narrow(range, check, kind));
  const literal = (value: number): string => (kind === 'integer' ? String(value) : double(value));
  const conditions = [
    ...(range.low === undefined ? [] : [`${v} ${range.low.open ? '>' : '>='} ${literal(range.low.value)}`]),
    ...(range.high === undefined ? [] : [`${v} ${range.high.open ? '<' : '<='} ${literal(range.high.value)}`]),
    ...others.map((check) => numberPredicate(check, v, kind)?.pass ?? 'FALSE'),
  ];
  return conditions.length === 0 ? isNumber(v, kind) : conditions.join(' AND ');
}

interface Range {
  low: Bound | undefined;
  high: Bound | undefined;
}

interface Bound {
  readonly value: number;
  /** Whether the value itself lies outside. */
  readonly open: boolean;
}

const at = (value: number, open = false): Bound => ({ value, open });

// Draws a bound together with those before it; false for a check that is none, or one that only a double can express.
function narrow(range: Range, check: Check, kind: NumberKind): boolean {
  const found = boundsOf(check, kind);
  if (found === undefined) return false;
  if (
    found.low &&
    (range.low === undefined || found.low.value > range.low.value || (found.low.value === range.low.value && found.low.open))
  )
    range.low = found.low;
  if (
    found.high &&
    (range.high === undefined ||
      found.high.value < range.high.value ||
      (found.high.value === range.high.value && found.high.open))
  )
    range.high = found.high;
  return true;
}

function boundsOf(check: Check, kind: NumberKind): Partial<Range> | undefined {
  if (check.kind === 'compare' && typeof check.value === 'number' && (kind === 'double' || Number.isSafeInteger(check.value))) {
    const bound = at(check.value, check.op === '>' || check.op === '<');
    return check.op.startsWith('>') ? { low: bound } : { high: bound };
  }
  if (check.kind !== 'numberFormat') return undefined;
  if (check.format === 'float64') return {};
  if (check.format === 'float32') return kind === 'double' ? { low: at(-FLOAT32), high: at(FLOAT32) } : undefined;
  if (kind === 'double') return undefined;
  const [low, high] = WHOLE_RANGES[check.format];
  return { low: at(low), high: at(high) };
}

/** A check of an integer of any size. */
export function bigintPredicate(check: Check, v: string): Predicate | undefined {
  switch (check.kind) {
    case 'bigintFormat':
      return {
        pass:
          check.format === 'int64'
            ? `${v} BETWEEN -9223372036854775808 AND 9223372036854775807`
            : `${v} BETWEEN 0 AND 18446744073709551615`,
      };
    case 'compare':
      return isHugeint(check.value) ? { pass: `${v} ${check.op} ${check.value}` } : undefined;
    case 'multiple':
      if (!isHugeint(check.of)) return undefined;
      return { pass: check.of === 0n ? 'FALSE' : `${v}::HUGEINT % ${check.of} = 0` };
    default:
      return undefined;
  }
}

function isHugeint(value: unknown): value is bigint {
  return typeof value === 'bigint' && value < 2n ** 127n && value > -(2n ** 127n);
}

/** First and last millisecond that a JavaScript Date can hold. */
export const DATE_LIMIT_MS = 8_640_000_000_000_000;

/** A check of a date; `ms` is SQL of its milliseconds since 1970, which is all that JavaScript sees. */
export function datePredicate(check: Check, ms: string): Predicate | undefined {
  if (check.kind !== 'compare' || !(check.value instanceof Date)) return undefined;
  return { pass: `${ms} ${check.op} ${check.value.getTime()}` };
}

/** That a value is one of an enum's or literal's members; members of another type than the column's cannot occur. */
export function memberPredicate(
  base: Base & { kind: 'values' },
  v: string,
  type: 'string' | 'number' | 'boolean' | 'bigint',
): Predicate {
  const members = base.values.filter((value) => typeof value === type || (type === 'bigint' && typeof value === 'bigint'));
  if (members.length === 0) return { pass: 'FALSE' };
  return { pass: `${v} IN (${members.map(memberLiteral).join(', ')})` };
}

function memberLiteral(value: string | number | boolean | bigint): string {
  if (typeof value === 'string') return text(value);
  return typeof value === 'number' ? double(value) : String(value);
}
