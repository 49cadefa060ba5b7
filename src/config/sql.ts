import { quoteLiteral, type Scalar } from '../core/filter.js';

/** Whose SQL a transform, or a check, is written in. */
export type SqlDialect = 'duckdb' | 'postgres';

/** A piece of DuckDB SQL, made with {@link sql}. */
export interface SqlExpression {
  readonly kind: 'sql';
  readonly text: string;
}

/**
 * A piece of DuckDB SQL. Interpolated values become literals; other pieces are put in as they are.
 *
 * @example sql`origin <> destination AND distance <= ${10_000}`
 */
export function sql(strings: TemplateStringsArray, ...values: readonly (Scalar | SqlExpression)[]): SqlExpression {
  const text = strings.reduce((built, piece, index) => {
    const value = values[index - 1] as Scalar | SqlExpression;
    return built + (typeof value === 'object' && value !== null ? `(${value.text})` : quoteLiteral(value)) + piece;
  });
  return { kind: 'sql', text: text.trim() };
}
