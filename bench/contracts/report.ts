import type { Usage } from '../child-process.js';
import { tableOfRounds } from '../rounds.js';
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

/** The rounds as a table, their medians below. */
export function reportRounds(rounds: readonly Round[], zod: ZodSide): string {
  const { text, medianS } = tableOfRounds('validate', rounds);
  const { rows, verdict } = rounds[0]?.millrace ?? { rows: 0, verdict: zod };
  return [
    `${rows} rows, ${verdict.rejected} rejected for ${verdict.reasons} reasons, ${rounds.length} rounds`,
    text,
    `zod rejects the same rows for as many reasons; it takes ${(zod.seconds / medianS).toFixed(1)} times as long as Millrace.`,
  ].join('\n');
}
