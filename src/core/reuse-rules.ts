import type { ExtractStepInput, StepResult } from './steps.js';

/** Whether what an extract read begins where it would begin now: the target may have got further meanwhile. */
export function beginsAt({ cursor, after }: Pick<Partial<ExtractStepInput>, 'cursor' | 'after'>, result: StepResult): boolean {
  if (cursor === undefined || !('dataset' in result)) return true;
  const { range } = result.dataset;
  if (typeof after !== 'object' || after === null)
    return range?.after === (after === undefined || after === null ? null : String(after));
  return range?.after === after.value && (after.upTo === undefined || after.upTo === range.upTo);
}

/**
 * What a step has made anew that is another thing than it had made in the earlier run: a dataset (its URI) or a load (its id).
 * Nothing that is made of it can be taken over. `undefined` where it came out the same.
 */
export function madeAnew(before: StepResult, result: StepResult): string | undefined {
  if ('load' in result) return result.load.alreadyDone ? undefined : result.load.loadId;
  if (!('dataset' in before) || !('dataset' in result)) return undefined;
  return before.dataset.uri === result.dataset.uri ? undefined : result.dataset.uri;
}
