import type { TrialResult } from './trial.js';

/** What `--json` prints. */
export interface Summary {
  readonly trials: number;
  /** Faults inflicted. */
  readonly faults: number;
  /** Rows that a target, or its ledger, lacked in the end. */
  readonly lost: number;
  /** Rows that a target, or its ledger, had too many. */
  readonly doubled: number;
  /** Runs that did not end, or not well, though nothing kept them from it. */
  readonly stuck: number;
  readonly seed: string;
  readonly byFault: Readonly<Record<string, number>>;
  /** Runs made, retries included. */
  readonly runs: number;
  /** Workers that ended by themselves. */
  readonly crashes: number;
}

export function summarise(seed: string, results: readonly TrialResult[], crashes: number): Summary {
  const sum = (count: (result: TrialResult) => number): number => results.reduce((total, result) => total + count(result), 0);
  const names = results.flatMap(({ faults }) => faults.map(({ name }) => name));
  return {
    trials: results.length,
    faults: names.length,
    lost: sum(({ lost }) => lost),
    doubled: sum(({ doubled }) => doubled),
    stuck: sum(({ stuck }) => stuck),
    seed,
    byFault: Object.fromEntries(
      [...new Set(names)].toSorted().map((name) => [name, names.filter((each) => each === name).length]),
    ),
    runs: sum(({ runs }) => runs),
    crashes,
  };
}

/** Whether nothing is lost, doubled or stuck. */
export function isClean({ lost, doubled, stuck }: Pick<Summary, 'lost' | 'doubled' | 'stuck'>): boolean {
  return lost === 0 && doubled === 0 && stuck === 0;
}
