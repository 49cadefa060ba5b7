import { quoteLiteral } from '../core/filter.js';

/** A VARCHAR literal of any text: NUL, which SQL text cannot hold, is put in by `chr(0)`. */
export function text(value: string): string {
  if (!value.includes('\0')) return quoteLiteral(value);
  return `(${value.split('\0').map(quoteLiteral).join(' || chr(0) || ')})`;
}

/** A DOUBLE literal that reads back as the same number; `0.1` alone would be a DECIMAL. */
export function double(value: number): string {
  return `CAST('${Object.is(value, -0) ? '-0' : String(value)}' AS DOUBLE)`;
}

/** A condition that is true where a regular expression, in RE2's words, matches. */
export function matches(value: string, pattern: string): string {
  return `regexp_matches(${value}, ${text(pattern)})`;
}

/** All conditions together; TRUE for none. */
export function allOf(conditions: readonly string[]): string {
  return conditions.length === 0 ? 'TRUE' : conditions.length === 1 ? (conditions[0] as string) : `(${conditions.join(' AND ')})`;
}

/** At least one of the conditions; FALSE for none. */
export function anyOf(conditions: readonly string[]): string {
  return conditions.length === 0 ? 'FALSE' : conditions.length === 1 ? (conditions[0] as string) : `(${conditions.join(' OR ')})`;
}
