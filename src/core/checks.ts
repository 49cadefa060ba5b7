/** What a check of a whole dataset looks at. */
export type CheckKind = 'unique' | 'references' | 'rowCount' | 'freshness' | 'nullShare' | 'distribution' | 'noRows';

/** What a broken check does: an `error` fails the step, a `warn` is told and the run goes on. */
export type CheckSeverity = 'warn' | 'error';

/** What one check found. Small: it is kept in the catalog, and told in messages. */
export interface CheckResult {
  /** The check set, or the contract. */
  readonly set: string;
  /** The check's own name. */
  readonly name: string;
  readonly kind: CheckKind;
  /** The input it judged. */
  readonly input: string;
  readonly severity: CheckSeverity;
  readonly passed: boolean;
  /** What was found, in words: `3 keys more than once (7 rows)`. */
  readonly observed: string;
  /** What had to be found, in words. */
  readonly bound: string;
  /** The number behind `observed`, which later runs are compared with; `null` where there was none. */
  readonly value: number | null;
  /** Rows or keys that broke it, as JSON texts: at most {@link MAX_EXAMPLES}, each cut. */
  readonly examples: readonly string[];
  /** It failed, and an operator had said that the load is to be published in spite of it. */
  readonly overridden?: boolean;
}

/** A result as a step gives it back: what enters a history has no examples. */
export type CheckSummary = Omit<CheckResult, 'examples'>;

/** Examples that are kept of one check. */
export const MAX_EXAMPLES = 5;
const MAX_EXAMPLE_LENGTH = 200;
/** What the results of a step may take of a history, in bytes of JSON. */
const MAX_SUMMARY_BYTES = 1200;

/** The checks of a step, as its result tells of them. */
export interface CheckOutcome {
  readonly passed: number;
  readonly failed: number;
  /** Those that failed first; only as many as a history can take. */
  readonly results: readonly CheckSummary[];
  /** How many `results` leaves out. @default none */
  readonly leftOut?: number;
}

/** Results as a history can hold them. */
export function outcomeOf(results: readonly CheckResult[]): CheckOutcome {
  const failed = results.filter(({ passed }) => !passed);
  const inOrder = [...failed, ...results.filter(({ passed }) => passed)];
  let bytes = 0;
  const kept = inOrder
    .map((result): CheckSummary => {
      const { examples: _, ...summary } = result;
      return summary;
    })
    .filter((summary) => (bytes += Buffer.byteLength(JSON.stringify(summary)) + 1) <= MAX_SUMMARY_BYTES);
  return {
    passed: results.length - failed.length,
    failed: failed.length,
    results: kept,
    ...(kept.length < results.length && { leftOut: results.length - kept.length }),
  };
}

/** A text cut to what an example may have. */
export function cutExample(text: string, length = MAX_EXAMPLE_LENGTH): string {
  const points = Array.from(text);
  return points.length <= length ? text : `${points.slice(0, length - 1).join('')}…`;
}
