import { median } from './benchmark.js';
import { table } from './table.js';

/** A round in which a step is held against one COPY of DuckDB's. */
export interface StepRound {
  readonly millrace: { readonly stepS: number; readonly seconds: number; readonly cpuS: number };
  readonly limit: { readonly seconds: number; readonly cpuS: number };
}

/** The rounds as a table, their medians below; and the median of Millrace's seconds. */
export function tableOfRounds(step: string, rounds: readonly StepRound[]): { readonly text: string; readonly medianS: number } {
  const head = ['round', `${step} s`, 'between s', 'millrace s', 'duckdb s', 'ratio', 'worker CPU s', 'duckdb CPU s'];
  const lines = rounds.map(({ millrace, limit }) => [
    millrace.stepS,
    millrace.seconds - millrace.stepS,
    millrace.seconds,
    limit.seconds,
    millrace.seconds / limit.seconds,
    millrace.cpuS,
    limit.cpuS,
  ]);
  const middle = head.slice(1).map((_, column) => median(lines.map((line) => line[column] ?? Number.NaN)));
  const shown = [...lines.map((line, index) => [String(index + 1), line] as const), ['median', middle] as const];
  const text = table(
    head,
    shown.map(([name, line]) => [name, ...line.map((value) => value.toFixed(2))]),
  );
  return { text, medianS: middle[2] ?? Number.NaN };
}
