import type { StepKind } from '../core/steps.js';
import { tableUri } from '../core/table.js';
import type { StepRow } from './facts.js';

const ASKED_ANEW = new Set<StepKind>(['discover', 'watermark', 'approve', 'sweep']);

/**
 * The finished steps that a retry may take over: all that made or loaded something, or without `from` and everything that was made
 * from it. Watermarks are asked for again: the target may have got further.
 *
 * @param steps in order of start, so that a step comes after those that feed it
 */
export function reusableSteps(steps: readonly StepRow[], from?: string): StepRow[] {
  const outdated = new Set<string>();
  return steps.filter((step) => {
    const anew = step.step === from || step.inputs.some((input) => outdated.has(input.uri));
    const made = productOf(step);
    if (anew && made !== undefined) outdated.add(made);
    // What a source holds and how far a target has got is looked at again: who retries may have mended just that.
    // Whether what people have approved still stands, the approval finds out.
    const isQuestion = ASKED_ANEW.has(step.kind);
    return !anew && !isQuestion && step.status === 'done' && step.result !== null;
  });
}

/** Those of `candidates` whose datasets or tables fed `steps`, directly or through one another. */
export function ancestorsOf(steps: readonly StepRow[], candidates: readonly StepRow[]): StepRow[] {
  const found = new Set<StepRow>();
  const waiting = [...steps];
  for (let step = waiting.pop(); step !== undefined; step = waiting.pop()) {
    const uris = new Set(step.inputs.map((input) => input.uri));
    for (const candidate of candidates) {
      const made = productOf(candidate);
      if (made === undefined || !uris.has(made) || found.has(candidate)) continue;
      found.add(candidate);
      waiting.push(candidate);
    }
  }
  return [...found];
}

/** What a step made, as the inputs of others name it: a dataset, or a table as its load left it. */
function productOf({ result }: StepRow): string | undefined {
  if (!result) return undefined;
  if ('load' in result) return tableUri(result.load.target, result.load.loadId);
  return 'dataset' in result ? result.dataset.uri : undefined;
}
