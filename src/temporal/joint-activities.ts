import type { LoadStepInput, PairFailure, ValidateAndLoadInput, ValidateAndLoadResult } from '../core/steps.js';
import type { PastActivity } from './past-activities.js';

/** The activities of the two steps that one activity did together; any other activity as it is. */
export function stepsApart(activity: PastActivity): PastActivity[] {
  if (activity.type !== 'validateAndLoad') return [activity];
  const { validate, load } = activity.input as ValidateAndLoadInput;
  const { outcome } = activity;
  const judging = { ...activity, id: validate.step, type: 'validate', input: validate };
  const loading = { ...activity, id: load.step, type: 'load', input: load };
  if ('result' in outcome) {
    const done = outcome.result as ValidateAndLoadResult;
    const input = { ...load, input: done.validate.dataset } satisfies LoadStepInput;
    return [
      { ...judging, outcome: { result: done.validate } },
      { ...loading, input, outcome: { result: done.load } },
    ];
  }
  const validated = (outcome.failure.pair as PairFailure | undefined)?.validated;
  // A load whose input never came was not begun as far as anybody can tell now.
  if (!validated) return [{ ...judging, outcome }];
  const input = { ...load, input: validated.dataset } satisfies LoadStepInput;
  return [
    { ...judging, outcome: { result: validated } },
    { ...loading, input, outcome },
  ];
}
