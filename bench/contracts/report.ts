import { median } from '../benchmark.js';
import type { Usage } from '../child-process.js';
import { table } from '../table.js';
import type { Verdict } from './verdict.js';

/** One run of the pipeline, from the client's start to its result. */
export interface MillraceSide {
  readonly seconds: number;
  /** Of the validate step. */
  readonly stepS: number;
  readonly rows: number;
  /** CPU seconds of the worker. */
  readonly cpuS: number;
  readonly verdict: Verdict;
}

/** One COPY, from making the database to the file's end. */
export interface LimitSide extends Usage {
  readonly seconds: number;
  readonly rows: number;
}

/** zod, row by row. */
export interface ZodSide extends Usage, Verdict {
  readonly seconds: number;
}

export interface Round {
  readonly millrace: MillraceSide;
  readonly limit: LimitSide;
}

const HEAD = ['round', 'validate s', 'between s', 'millrace s', 'duckdb s', 'ratio', 'worker CPU s', 'duckdb CPU s'];

/** The rounds as a table, their medians below. */
export function reportRounds(rounds: readonly Round[], zod: ZodSide): string {
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
  const shown = [...lines.map((line, index) => [String(index + 1), line] as const), ['median', middle] as const];
  const { rows, verdict } = rounds[0]?.millrace ?? { rows: 0, verdict: zod };
  return [
    `${rows} rows, ${verdict.rejected} rejected for ${verdict.reasons} reasons, ${rounds.length} rounds`,
    table(
      HEAD,
      shown.map(([name, line]) => [name, ...line.map((value) => value.toFixed(2))]),
    ),
    `zod rejects the same rows for as many reasons; it takes ${(zod.seconds / (middle[2] ?? Number.NaN)).toFixed(1)} times as long as Millrace.`,
  ].join('\n');
}
