import Table from 'cli-table3';
import { median, type Measurement } from '../benchmark.js';
import type { Usage } from '../child-process.js';

/** One run of the pipeline, from the client's start to its result. */
export interface MillraceSide {
  readonly seconds: number;
  /** Of its one step. */
  readonly stepS: number;
  readonly rows: number;
  /** CPU seconds of the worker. */
  readonly cpuS: number;
}

/** One COPY, from making the database to the file's end. */
export interface LimitSide extends Usage {
  readonly seconds: number;
  readonly rows: number;
}

export interface Round {
  readonly millrace: MillraceSide;
  readonly limit: LimitSide;
}

const HEAD = ['round', 'step s', 'between s', 'millrace s', 'duckdb s', 'ratio', 'worker CPU s', 'duckdb CPU s'];

/** The rounds as a table, their medians below, and the results. */
export function reportRounds(rounds: readonly Round[], measurements: readonly Measurement[]): string {
  const lines = rounds.map(({ millrace, limit }) => [
    millrace.stepS,
    millrace.seconds - millrace.stepS,
    millrace.seconds,
    limit.seconds,
    millrace.seconds / limit.seconds,
    millrace.cpuS,
    limit.cpuS,
  ]);
  const middle = (lines[0] ?? []).map((_, column) => median(lines.map((line) => line[column] ?? Number.NaN)));
  const table = new Table({
    head: HEAD,
    colAligns: ['left', ...middle.map(() => 'right' as const)],
    style: { head: [], border: [] },
  });
  for (const [index, line] of lines.entries()) table.push([index + 1, ...line.map((value) => value.toFixed(2))]);
  table.push(['median', ...middle.map((value) => value.toFixed(2))]);
  const results = measurements.map(
    ({ tool, medianS, ratio, peakMiB }) =>
      `${tool}: ${medianS.toFixed(2)} s, ratio ${ratio.toFixed(3)}, peak memory ${Math.round(peakMiB)} MiB`,
  );
  return [`${rounds[0]?.millrace.rows ?? 0} rows, ${rounds.length} rounds`, table.toString(), ...results].join('\n');
}
