import type { CheckResultRow } from '../catalog/index.js';

/** Results of checks as lines of a table; a broken one has a line more for its examples. */
export function checkCells(results: readonly CheckResultRow[]): string[][] {
  return results.flatMap((result) => {
    const { step, name, passed, observed, bound, examples } = result;
    const found = passed ? observed : `${observed}; wanted: ${bound}`;
    const line = [step, name, stateOf(result), found];
    return examples.length === 0 ? [line] : [line, ['', '', '', `such as ${examples.join(', ')}`]];
  });
}

function stateOf({ passed, severity, overridden }: CheckResultRow): string {
  if (passed) return 'passed';
  if (overridden === true) return 'overridden';
  return severity === 'warn' ? 'warning' : 'failed';
}
