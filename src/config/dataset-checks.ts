import type { CheckSeverity } from '../core/checks.js';
import type { SqlDialect, SqlExpression } from './sql.js';

/** What every check can be told. */
export interface CheckOptions {
  /** `'error'` fails the step; `'warn'` is told, and the run goes on. @default 'error' */
  readonly severity?: CheckSeverity;
  /** The input that is judged. @default the first one of the check set */
  readonly of?: string;
}

/** A lowest and a highest value, both included. */
export interface Bounds {
  readonly atLeast?: number;
  readonly atMost?: number;
}

export interface UniqueCheck<C extends string = string> extends CheckOptions {
  readonly check: 'unique';
  readonly columns: readonly C[];
}

export interface ReferencesCheck<C extends string = string> extends CheckOptions {
  readonly check: 'references';
  readonly columns: readonly C[];
  readonly input: string;
  readonly inputColumns: readonly string[];
}

/** How many rows there may be: fixed bounds, and bounds against what earlier runs had. */
export interface RowCountOptions extends CheckOptions {
  readonly min?: number;
  readonly max?: number;
  /** The share by which there may be fewer rows than the median of the last runs: 0.5 allows half of them. */
  readonly dropAtMost?: number;
  /** The share by which there may be more rows than the median of the last runs: 1 allows twice as many. */
  readonly growAtMost?: number;
  /** How many of the last runs are compared with. @default 7 */
  readonly ofLast?: number;
}

export interface RowCountCheck extends RowCountOptions {
  readonly check: 'rowCount';
}

export interface FreshnessCheck<C extends string = string> extends CheckOptions {
  readonly check: 'freshness';
  readonly column: C;
  readonly within: string;
}

export interface NullShareCheck<C extends string = string> extends CheckOptions {
  readonly check: 'nullShare';
  readonly column: C;
  readonly max: number;
}

/** What the values of a number column may be, taken together. At least one has to be given. */
export interface DistributionOptions extends CheckOptions {
  /** Of the smallest value. */
  readonly min?: Bounds;
  /** Of the largest value. */
  readonly max?: Bounds;
  readonly mean?: Bounds;
  /** Of the standard deviation of a sample. */
  readonly stddev?: Bounds;
  /** Of quantiles, by their share: `{ 0.5: { atMost: 10 } }` bounds the median. */
  readonly quantiles?: Readonly<Record<number, Bounds>>;
}

export interface DistributionCheck<C extends string = string> extends DistributionOptions {
  readonly check: 'distribution';
  readonly column: C;
}

export interface NoRowsCheck extends CheckOptions {
  readonly check: 'noRows';
  readonly sql: SqlExpression;
  readonly dialect?: SqlDialect;
}

/** One check of a whole dataset; `C` are the columns it names. */
export type DatasetCheck<C extends string = string> =
  | UniqueCheck<C>
  | ReferencesCheck<C>
  | RowCountCheck
  | FreshnessCheck<C>
  | NullShareCheck<C>
  | DistributionCheck<C>
  | NoRowsCheck;

/** Checks by the names under which people read of them. */
export type NamedChecks<C extends string = string> = Readonly<Record<string, DatasetCheck<C>>>;

/** No two rows have the same values in `columns`. Rows that lack one of them are left out, as SQL's UNIQUE does. */
export function unique<const C extends string>(columns: readonly C[], options: CheckOptions = {}): UniqueCheck<C> {
  return { check: 'unique', columns, ...options };
}

/**
 * Every row's `columns` are found in `inputColumns` of another input. Rows that lack one of them are left out, as SQL's
 * foreign keys do.
 *
 * @param input the other input of the check set
 */
export function references<const C extends string>(
  columns: readonly C[],
  input: string,
  inputColumns: readonly string[],
  options: CheckOptions = {},
): ReferencesCheck<C> {
  return { check: 'references', columns, input, inputColumns, ...options };
}

/**
 * There are neither too few nor too many rows.
 *
 * @example rowCount({ min: 1000, dropAtMost: 0.5, ofLast: 7 })
 */
export function rowCount(options: RowCountOptions): RowCountCheck {
  return { check: 'rowCount', ...options };
}

/**
 * The latest value of a date or time column is at most so much older than the run's start. Without any value it fails.
 *
 * @param options.within a number and a unit: `'2 days'`, `'36 hours'`
 */
export function freshness<const C extends string>(
  column: C,
  options: CheckOptions & { readonly within: string },
): FreshnessCheck<C> {
  return { check: 'freshness', column, ...options };
}

/**
 * Of all rows, at most a share lacks the column's value.
 *
 * @param options.max from 0 (none) to 1
 */
export function nullShare<const C extends string>(
  column: C,
  options: CheckOptions & { readonly max: number },
): NullShareCheck<C> {
  return { check: 'nullShare', column, ...options };
}

/**
 * The values of a number column, taken together, lie within bounds. Rows without a value are left out; without any, it passes.
 *
 * @example distribution('delay', { mean: { atLeast: 0, atMost: 30 }, quantiles: { 0.99: { atMost: 240 } } })
 */
export function distribution<const C extends string>(column: C, options: DistributionOptions): DistributionCheck<C> {
  return { check: 'distribution', column, ...options };
}

/**
 * A SELECT over the inputs gives no row. `$name` is the run's parameter of that name, in check sets.
 *
 * @param options.dialect whose SQL it is, for one that only an audit in that database is to run @default 'duckdb'
 * @example noRows(sql`SELECT * FROM orders WHERE shipped < ordered`)
 */
export function noRows(query: SqlExpression, options: CheckOptions & { readonly dialect?: SqlDialect } = {}): NoRowsCheck {
  return { check: 'noRows', sql: query, ...options };
}
