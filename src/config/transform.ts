import type { Compilable, Kysely } from 'kysely';
import type { z } from 'zod';
import type { Contract, RowOf } from './contract.js';
import type { RowsTransform } from './rows.js';
import type { SqlDialect } from './sql.js';
import type { TransformBase, TransformInputs, TransformParams } from './transform-inputs.js';

/** A transform whose SELECT is in a file. */
export interface SqlFileTransform<
  I extends TransformInputs = TransformInputs,
  O extends Contract = Contract,
> extends TransformBase<I, O> {
  readonly kind: 'sqlFile';
  /** Relative to the config. */
  readonly path: string;
  /** Whose SQL it is: DuckDB's, or that of the database that runs it. @default 'duckdb' */
  readonly dialect?: SqlDialect;
}

/** A transform written with Kysely's query builder. */
export interface QueryTransform<I extends TransformInputs = TransformInputs, O extends Contract = Contract> extends TransformBase<
  I,
  O
> {
  readonly kind: 'query';
  /** Which of the run's parameters it uses. @default all of them, unchecked */
  readonly params?: z.ZodObject;
  readonly build: (db: SelectBuilder<never>, params: Readonly<Record<string, unknown>>) => Compilable;
}

export type Transform<I extends TransformInputs = TransformInputs, O extends Contract = Contract> =
  SqlFileTransform<I, O> | QueryTransform<I, O> | RowsTransform<I, O>;

/** A transform that is one SELECT, however it is written. */
export type SqlTransform<I extends TransformInputs = TransformInputs, O extends Contract = Contract> =
  SqlFileTransform<I, O> | QueryTransform<I, O>;

/**
 * A transform that is one SELECT in a file, in DuckDB's SQL. The inputs are views of these names; `$name` is the run's
 * parameter of that name. It sees nothing else: no file, no other table, no network.
 *
 * @param path relative to `millrace.config.ts`
 * @param options.dialect whose SQL it is, for one that runs in a database (`on`) and that DuckDB does not understand
 */
export function sqlFile<const I extends TransformInputs, O extends Contract>(
  path: string,
  options: { readonly inputs: I; readonly output: O; readonly dialect?: SqlDialect },
): SqlFileTransform<I, O> {
  return { kind: 'sqlFile', path, ...options };
}

/** The part of Kysely that selects. What would write has no place in a transform. */
export type SelectBuilder<Tables> = Pick<
  Kysely<Tables>,
  'selectFrom' | 'selectNoFrom' | 'with' | 'withRecursive' | 'fn' | 'case' | 'dynamic'
>;

/** A SELECT of Kysely's whose rows are of type `Row`. It is compiled, never executed by Kysely. */
export interface Selection<Row> extends Compilable {
  execute(): Promise<Row[]>;
}

/** The inputs as Kysely's table types. */
export type TransformTables<I extends TransformInputs> = { [N in keyof I & string]: RowOf<I[N]> };

/** Nothing where every selected column is one of the contract's; otherwise a type that names those that are not. */
type NoOtherColumns<Row, Wanted> = [Exclude<keyof Row, keyof Wanted>] extends [never]
  ? unknown
  : { readonly 'columns that the output contract does not name': Exclude<keyof Row, keyof Wanted> };

/**
 * A transform built with Kysely, its columns checked by the compiler against the inputs' contracts and its result
 * against the output's. Values, parameters among them, are bound, never written into the SQL.
 *
 * @param options.params which of the run's parameters it uses, as a zod object that types `params`
 * @example query({ inputs: { flights: Flight }, output: RouteDay }, (db) => db.selectFrom('flights').select('origin'))
 */
export function query<
  const I extends TransformInputs,
  O extends Contract,
  Row extends RowOf<O>,
  P extends z.ZodObject | undefined = undefined,
>(
  options: { readonly inputs: I; readonly output: O; readonly params?: P },
  build: (db: SelectBuilder<TransformTables<I>>, params: TransformParams<P>) => Selection<Row> & NoOtherColumns<Row, RowOf<O>>,
): QueryTransform<I, O> {
  return { kind: 'query', ...options, build: build as unknown as QueryTransform['build'] };
}
