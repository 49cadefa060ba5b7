import type { ColumnPlan } from './column-plan.js';
import type { Write } from './write-rows.js';

/** A write, as far as its key is asked for. */
type Keyed = Pick<Write, 'request' | 'plans'>;

/** Whether a column is one of the key's. */
export function isKey({ request }: Pick<Write, 'request'>, { name }: ColumnPlan): boolean {
  return request.key?.includes(name) === true;
}

/** The key's columns, in the dataset's order. */
export function keyPlans(write: Keyed): ColumnPlan[] {
  return write.plans.filter((plan) => isKey(write, plan));
}

/** The key of staged rows, in the target's types. */
export function restoredKey(write: Keyed): string[] {
  return keyPlans(write).map((plan) => plan.restore);
}
