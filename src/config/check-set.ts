import type { RowOf } from './contract.js';
import type { NamedChecks } from './dataset-checks.js';
import type { TransformInputs } from './transform-inputs.js';

/** Checks over one or more datasets, which belong together: one step, or one audit. */
export interface CheckSet<I extends TransformInputs = TransformInputs> {
  readonly kind: 'checks';
  readonly inputs: I;
  readonly checks: NamedChecks;
}

type ColumnsOf<I extends TransformInputs> = { [N in keyof I]: keyof RowOf<I[N]> & string }[keyof I];

/**
 * Declares checks over datasets, for `run.check` and for the `audit` of a load.
 *
 * @param options.inputs the datasets by the names that the checks use; the first one is what a check judges that has no `of`
 * @example checks({ inputs: { orders: Order } }, { 'ids are unique': unique(['id']) })
 */
export function checks<const I extends TransformInputs>(
  options: { readonly inputs: I },
  named: NamedChecks<ColumnsOf<I>>,
): CheckSet<I> {
  return { kind: 'checks', inputs: options.inputs, checks: named };
}
