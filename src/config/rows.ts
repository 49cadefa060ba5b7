import type { z } from 'zod';
import type { Contract, RowOf } from './contract.js';
import type { TransformBase, TransformInputs, TransformParams } from './transform-inputs.js';

/**
 * One input of a function: `for await (const batch of input)` gives its rows, in the dataset's order, at most 2,048 and
 * about 4 MB at a time. Each loop begins anew.
 */
export interface RowsInput<Row> extends AsyncIterable<readonly Row[]> {
  /**
   * All rows at once: for a table that is small and stays small.
   *
   * @param options.atMost more rows than this fail the step instead of filling the memory. @default 100000
   */
  rows(options?: { readonly atMost?: number }): Promise<readonly Row[]>;
}

/** What a function gets besides its inputs. */
export interface RowsContext<P extends z.ZodObject | undefined = undefined> {
  /** The run's parameters. */
  readonly params: TransformParams<P>;
  /** Aborts when the step is cancelled or its worker stops; a second later the thread ends, whatever it does. */
  readonly signal: AbortSignal;
}

type OneOrMany<Row> = Row | readonly Row[];

/**
 * A transform in TypeScript: a function, mostly an async generator, that reads batches of its inputs and yields rows, one
 * or an array at a time. They are written in the order in which they come.
 *
 * @example
 * const tidy: RowsFunction<{ orders: typeof Order }, typeof TidyOrder> = async function* ({ orders }) {
 *   for await (const batch of orders) yield batch.map((order) => ({ ...order, name: order.name.trim() }));
 * };
 */
export type RowsFunction<
  I extends TransformInputs = TransformInputs,
  O extends Contract = Contract,
  P extends z.ZodObject | undefined = undefined,
> = (
  inputs: { readonly [N in keyof I & string]: RowsInput<RowOf<I[N]>> },
  context: RowsContext<P>,
) => AsyncIterable<OneOrMany<RowOf<O>>> | Iterable<OneOrMany<RowOf<O>>> | Promise<Iterable<OneOrMany<RowOf<O>>>>;

/** A transform that is a TypeScript function. */
export interface RowsTransform<I extends TransformInputs = TransformInputs, O extends Contract = Contract> extends TransformBase<
  I,
  O
> {
  readonly kind: 'rows';
  readonly params?: z.ZodObject;
  readonly deterministic?: boolean;
  readonly memoryMb?: number;
  readonly load: () => unknown;
}

/** How a function is declared. */
export interface RowsOptions<I extends TransformInputs, O extends Contract, P extends z.ZodObject | undefined> {
  readonly inputs: I;
  readonly output: O;
  /** Which of the run's parameters it uses, as a zod object. @default all of them, unchecked */
  readonly params?: P;
  /**
   * Your word that the same inputs and parameters always give the same rows: no clock, no chance, no network. Then later
   * runs take over what an earlier one has made. @default false
   */
  readonly deterministic?: boolean;
  /** Most memory of the function's own values, in MB; beyond it the step fails. @default 512 */
  readonly memoryMb?: number;
}

/**
 * A transform that is a TypeScript function over batches of rows. It runs in a thread of its own, so that it may compute as
 * long as it likes; its values are checked against the types of the output's columns.
 *
 * @param load imports the function: a module with it as `default`, or the function itself. It is called in the thread.
 * @example rows({ inputs: { orders: Order }, output: TidyOrder }, () => import('./transforms/tidy-orders'))
 */
export function rows<const I extends TransformInputs, O extends Contract, P extends z.ZodObject | undefined = undefined>(
  options: RowsOptions<I, O, P>,
  load: () => RowsFunction<I, O, P> | Promise<RowsFunction<I, O, P> | { readonly default: RowsFunction<I, O, P> }>,
): RowsTransform<I, O> {
  return { kind: 'rows', ...options, load };
}
