import type { FinishInput } from '../src/core/admission.js';
import { toFailure } from './failure.js';
import type { Services } from './services.js';

/** Writes a run's end into the catalog. */
export function makeFinish({ catalog }: Services) {
  return async (input: FinishInput): Promise<void> => {
    try {
      await catalog.recordRunFinished(input);
    } catch (error) {
      throw toFailure(error);
    }
  };
}
