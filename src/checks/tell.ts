import { cutExample, type CheckResult } from '../core/checks.js';

/** Of a failed step's message: as much as people read, and Temporal's list of failures can hold. */
const MAX_TOLD = 5;
const MAX_EXAMPLES_TOLD = 3;
const EXAMPLE_LENGTH = 60;

/** One broken check in a sentence without its end: `"ids are unique": 3 keys more than once (7 rows), where each (id) once was wanted`. */
export function tellCheck({ name, input, observed, bound, examples }: CheckResult): string {
  const shown = examples.slice(0, MAX_EXAMPLES_TOLD).map((example) => cutExample(example, EXAMPLE_LENGTH));
  const such = shown.length === 0 ? '' : `; such as ${shown.join(', ')}`;
  return `"${name}" found in "${input}": ${observed}; wanted: ${bound}${such}`;
}

/** The checks that fail a step, in one text; the first ones where there are many. */
export function tellFailed(failed: readonly CheckResult[]): string {
  const told = failed.slice(0, MAX_TOLD).map(tellCheck);
  const more = failed.length > MAX_TOLD ? [`and ${failed.length - MAX_TOLD} others`] : [];
  return [...told, ...more].join('. ');
}

/** The results that fail a step. */
export function failuresOf(results: readonly CheckResult[]): CheckResult[] {
  return results.filter(({ passed, severity, overridden }) => !passed && severity === 'error' && overridden !== true);
}
