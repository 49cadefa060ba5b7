import type { Measurement } from '../benchmark.js';
import type { Usage } from '../child-process.js';
import { tableOfRounds } from '../rounds.js';

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

/** The rounds as a table, their medians below, and the results. */
export function reportRounds(rounds: readonly Round[], measurements: readonly Measurement[]): string {
  const results = measurements.map(
    ({ tool, medianS, ratio, peakMiB }) =>
      `${tool}: ${medianS.toFixed(2)} s, ratio ${ratio.toFixed(3)}, peak memory ${Math.round(peakMiB)} MiB`,
  );
  return [`${rounds[0]?.millrace.rows ?? 0} rows, ${rounds.length} rounds`, tableOfRounds('step', rounds).text, ...results].join(
    '\n',
  );
}
