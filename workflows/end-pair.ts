import { pairId } from '../src/core/paired-steps.js';
import type { StepId } from '../src/core/steps.js';
import { pairFailure, stepEnding } from './failures.js';
import type { RunState } from './run-state.js';
import type { PairResult } from './steps.js';

interface Pair {
  readonly judging: StepId;
  readonly loading: StepId;
  /** That each may have. */
  readonly attempts: number;
}

/** Ends two steps whose activity has failed: the judgement may have been done before it did. */
export function endPair(state: RunState, { judging, loading, attempts }: Pair, thrown: unknown): PairResult {
  const told = pairFailure(thrown);
  const { status, failure } = stepEnding(told?.failedStep ?? pairId(judging, loading), thrown, attempts);
  const rejected = Promise.reject(failure);
  rejected.catch(() => undefined);
  if (told?.validated) {
    state.end(judging, 'done', { result: told.validated });
    state.end(loading, status, { error: failure.message });
    return { validate: Promise.resolve(told.validated), load: rejected };
  }
  state.end(judging, status, { error: failure.message });
  // As if it had never been asked for: another load may have its name.
  state.forget(loading);
  return { validate: rejected, load: rejected };
}
