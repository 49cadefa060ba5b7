import type { Kysely, Compilable } from 'kysely';
import type { Scalar } from '../core/filter.js';
import type { Contract, RowOf } from './contract.js';

/** The datasets a transform reads, by the names its SQL uses. */
export type TransformInputs = Readonly<Record<string, Contract>>;

interface TransformBase<I extends TransformInputs, O extends Contract> {
  readonly inputs: I;
  readonly output: O;
}

/** A transform whose SELECT is in a file. */
export interface SqlFileTransform<
  I extends TransformInputs = TransformInputs,
  O extends Contract = Contract,
> extends TransformBase<I, O> {
  readonly kind: 'sqlFile';
  /** Relative to the config. */
  readonly path: string;
}

/** A transform written with Kysely's query builder. */
export interface QueryTransform<I extends TransformInputs = TransformInputs, O extends Contract = Contract> extends TransformBase<
  I,
  O
> {
  readonly kind: 'query';
  readonly build: (db: Kysely<never>, params: Readonly<Record<string, Scalar>>) => Compilable;
}

export type Transform<I extends TransformInputs = TransformInputs, O extends Contract = Contract> =
  SqlFileTransform<I, O> | QueryTransform<I, O>;

/**
 * A transform that is one SELECT in a file, in DuckDB's SQL. The inputs are views of these names; `$name` is the run's
 * parameter of that name. It sees nothing else: no file, no other table, no network.
 *
 * @param path relative to `millrace.config.ts`
 */
export function sqlFile<const I extends TransformInputs, O extends Contract>(
  path: string,
  options: { readonly inputs: I; readonly output: O },
): SqlFileTransform<I, O> {
  return { kind: 'sqlFile', path, ...options };
}

/** A SELECT of Kysely's whose rows are of type `Row`. It is compiled, never executed by Kysely. */
export interface Selection<Row> extends Compilable {
  execute(): Promise<Row[]>;
}

/** The inputs as Kysely's table types. */
export type TransformTables<I extends TransformInputs> = { [N in keyof I & string]: RowOf<I[N]> };

/**
 * A transform built with Kysely, its columns checked by the compiler against the inputs' contracts and its result
 * against the output's.
 *
 * @example query({ inputs: { flights: Flight }, output: RouteDay }, (db) => db.selectFrom('flights').select('origin'))
 */
export function query<const I extends TransformInputs, O extends Contract>(
  options: { readonly inputs: I; readonly output: O },
  build: (db: Kysely<TransformTables<I>>, params: Readonly<Record<string, Scalar>>) => Selection<RowOf<O>>,
): QueryTransform<I, O> {
  return { kind: 'query', ...options, build: build as unknown as QueryTransform['build'] };
}
