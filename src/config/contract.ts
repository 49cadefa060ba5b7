import type { z } from 'zod';
import type { NamedChecks } from './dataset-checks.js';
import type { SqlExpression } from './sql.js';

/** What rows must be: a zod object, a key, and rules in SQL over whole rows. Its name is its key in `contracts`. */
export interface Contract<S extends z.ZodObject = z.ZodObject, K extends string = string> {
  readonly kind: 'contract';
  readonly schema: S;
  /** Columns that identify a row; the default key of a merge and the primary key of a table that is created. */
  readonly key: readonly K[];
  /** Conditions in DuckDB's SQL, by the words in which people read them when they are broken. NULL counts as broken. */
  readonly rules: Readonly<Record<string, SqlExpression>>;
  /** What the accepted rows of a dataset have to be, taken together. They see those rows as `dataset`. */
  readonly checks: NamedChecks;
}

/** The rows that a contract accepts, as TypeScript sees them. */
export type RowOf<C extends Contract> = z.output<C['schema']>;

type ColumnOf<S extends z.ZodObject> = keyof z.output<S> & string;

/**
 * Makes a contract from a zod object.
 *
 * @example contract(z.object({ state: z.string().length(2), flights: z.int() }), { key: ['state'] })
 */
export function contract<S extends z.ZodObject, const K extends ColumnOf<S> = never>(
  schema: S,
  options: {
    readonly key?: readonly K[];
    readonly rules?: Readonly<Record<string, SqlExpression>>;
    readonly checks?: NamedChecks<ColumnOf<S>>;
  } = {},
): Contract<S, K> {
  const { key = [], rules = {}, checks = {} } = options;
  return { kind: 'contract', schema, key, rules, checks };
}
