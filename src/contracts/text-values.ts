import { z } from 'zod';
import { text } from './sql-text.js';

/**
 * How text from CSV files becomes values. Nothing is trimmed, nothing guessed; what does not fit gives NULL here, and the
 * row is rejected with the text it held.
 *
 * - number: decimal notation as JavaScript's `Number()` reads it, `-12`, `+.5`, `1e3`; no white space, `_`, `0x`, NaN
 * - boolean: `true` or `false`, in any case
 * - bigint: digits with an optional sign, at most 38
 * - date: `2001-02-03`, or with a time after `T` or a space, with seconds' fraction and offset or `Z`; without one it is UTC
 */
export const TEXT_RULES = {
  number: '[+-]?(?:[0-9]+\\.?[0-9]*|\\.[0-9]+)(?:[eE][+-]?[0-9]+)?',
  bigint: '[+-]?[0-9]+',
} as const;

/**
 * A condition that a row's numbers are written so plainly that DuckDB's own casts read them by our rules: no white space,
 * `1_000`, `+-1`, `0x10`, `inf`, and whole numbers without fraction or exponent. One look at all numbers of a row costs a
 * fraction of a look at each.
 */
export function plainNumbers(wholes: readonly string[], others: readonly string[]): string {
  return `regexp_matches(concat(${[...wholes, "'|'", ...others].join(', ')}), '^[-0-9]*\\|[-0-9.eE]*$')`;
}

/** A DOUBLE; NULL for what is no number. */
export function numberOfText(s: string): string {
  return `CASE WHEN regexp_matches(${s}, '^${TEXT_RULES.number}$') THEN TRY_CAST(${s} AS DOUBLE) END`;
}

/** A BIGINT within JavaScript's safe integers; NULL for what is none. `5.0` and `1e3` are whole numbers. */
export function integerOfText(s: string): string {
  const number = numberOfText(s);
  const whole = `CASE WHEN abs(${number}) <= 9007199254740991 AND trunc(${number}) = (${number}) THEN TRY_CAST((${number}) AS BIGINT) END`;
  // Text that a BIGINT gives back unchanged needs no further look; almost all of it does.
  return `CASE WHEN TRY_CAST(${s} AS BIGINT)::VARCHAR = ${s} THEN TRY_CAST(${s} AS BIGINT) ELSE ${whole} END`;
}

export function bigintOfText(s: string): string {
  return `CASE WHEN regexp_matches(${s}, '^${TEXT_RULES.bigint}$') THEN TRY_CAST(${s} AS DECIMAL(38,0))::HUGEINT END`;
}

export function booleanOfText(s: string): string {
  return `CASE WHEN lower(${s}) = 'true' THEN TRUE WHEN lower(${s}) = 'false' THEN FALSE END`;
}

// zod's own date pattern knows the leap years.
const DATE = z.core.regexes.date.source.slice(1, -1);
const TIME = '(?:[01]\\d|2[0-3]):[0-5]\\d';
const OFFSET = 'Z|[+-](?:[01]\\d|2[0-3]):[0-5]\\d';
const MOMENT = `^${DATE}(?:[T ]${TIME}(?::[0-5]\\d(?:\\.\\d+)?(?:${OFFSET})?)?)?$`;

/** A Date of what {@link dateOfText} reads; `undefined` for what is no date. */
export function dateOfJsonText(s: string): Date | undefined {
  if (!new RegExp(MOMENT).test(s)) return undefined;
  if (s.length === 10) return new Date(s);
  const moment = s.replace(' ', 'T');
  return new Date(/(?:Z|[+-]\d\d:\d\d)$/.test(moment.slice(11)) ? moment : `${moment}Z`);
}

/** A TIMESTAMP in UTC; NULL for what is no date. Fractions are kept to the microsecond. */
export function dateOfText(s: string): string {
  const date = `TRY_CAST(${s} AS DATE)`;
  const moment = `TRY_CAST(TRY_CAST(${s} AS TIMESTAMPTZ) AS TIMESTAMP)`;
  return `CASE WHEN strlen(${s}) = 10 AND ${date}::VARCHAR = ${s} THEN ${date}::TIMESTAMP WHEN regexp_matches(${s}, ${text(MOMENT)}) THEN ${moment} END`;
}
