import type {
  Bounds,
  DatasetCheck,
  DistributionCheck,
  FreshnessCheck,
  NullShareCheck,
  RowCountCheck,
} from '../config/dataset-checks.js';
import type { CheckResult } from '../core/checks.js';
import { parseDuration } from '../core/duration.js';
import type { TextRow } from './engine.js';

/** What a check found, before it has a name. */
export type Finding = Pick<CheckResult, 'passed' | 'observed' | 'bound' | 'value' | 'examples'>;

/** What checks are judged against besides the data. */
export interface Circumstances {
  /** When the run began, as an ISO 8601 time: the same for every attempt. */
  readonly startedAt: string;
  /** The row counts that earlier runs had, latest first. */
  readonly earlier: readonly number[];
}

const DEFAULT_LAST = 7;

/** How many earlier results a check is compared with; 0 for one that only looks at its own data. */
export function lookback(check: DatasetCheck): number {
  if (check.check !== 'rowCount') return 0;
  if (check.dropAtMost === undefined && check.growAtMost === undefined) return 0;
  return check.ofLast ?? DEFAULT_LAST;
}

export function judgeRowCount(check: RowCountCheck, measured: TextRow, { earlier }: Circumstances): Finding {
  const rows = Number(measured['rows']);
  const compared = earlier.slice(0, lookback(check));
  const median = medianOf(compared);
  const bounds: { readonly holds: boolean; readonly text: string }[] = [];
  if (check.min !== undefined) bounds.push({ holds: rows >= check.min, text: `at least ${count(check.min)}` });
  if (check.max !== undefined) bounds.push({ holds: rows <= check.max, text: `at most ${count(check.max)}` });
  if (median !== undefined) {
    const against = `the median ${count(median)} of the last ${compared.length === 1 ? 'run' : `${compared.length} runs`}`;
    const { dropAtMost: drop, growAtMost: grow } = check;
    if (drop !== undefined)
      bounds.push({ holds: rows >= (1 - drop) * median, text: `no more than ${percent(drop)} below ${against}` });
    if (grow !== undefined)
      bounds.push({ holds: rows <= (1 + grow) * median, text: `no more than ${percent(grow)} above ${against}` });
  } else if (lookback(check) > 0) bounds.push({ holds: true, text: 'nothing yet: there is no earlier run to compare with' });
  return {
    passed: bounds.every(({ holds }) => holds),
    observed: rowsText(rows),
    bound: bounds.map(({ text }) => text).join(', '),
    value: rows,
    examples: [],
  };
}

export function judgeNullShare({ column, max }: NullShareCheck, measured: TextRow): Finding {
  const rows = Number(measured['rows']);
  const nulls = rows - Number(measured['values']);
  const share = rows === 0 ? 0 : nulls / rows;
  return {
    passed: share <= max,
    observed: `${percent(share)} of ${column} without a value (${count(nulls)} of ${rowsText(rows)})`,
    bound: `at most ${percent(max)}`,
    value: share,
    examples: [],
  };
}

export function judgeFreshness({ column, within }: FreshnessCheck, measured: TextRow, { startedAt }: Circumstances): Finding {
  const oldest = Date.parse(startedAt) - (parseDuration(within) ?? 0);
  const { latest = null, epoch = null } = measured;
  // DuckDB has no seconds for the infinite times, Postgres has infinite ones.
  const at = latest === 'infinity' ? Infinity : epoch === null ? -Infinity : Number(epoch) * 1000;
  return {
    passed: at >= oldest,
    observed: latest === null ? `no value in ${column}` : `the latest ${column} is ${latest}`,
    bound: `at or after ${new Date(oldest).toISOString()}, ${within} before the run began`,
    value: Number.isFinite(at) ? at : null,
    examples: [],
  };
}

interface Statistic {
  readonly name: string;
  readonly value: number | null;
  readonly bounds: Bounds;
}

export function judgeDistribution(check: DistributionCheck, measured: TextRow, quantiles: ReadonlyMap<number, number>): Finding {
  const named = (['min', 'max', 'mean', 'stddev'] as const).flatMap((name): Statistic[] => {
    const bounds = check[name];
    return bounds ? [{ name, value: numberOf(measured[name]), bounds }] : [];
  });
  const ranked = quantileShares(check).map((share): Statistic => ({
    name: `${share}-quantile`,
    value: quantiles.get(share) ?? null,
    bounds: check.quantiles?.[share] ?? {},
  }));
  const all = [...named, ...ranked];
  const broken = all.filter(({ value, bounds }) => value !== null && !isWithin(value, bounds));
  const told = broken.length > 0 ? broken : all;
  return {
    passed: broken.length === 0,
    observed: `${check.column}: ${told.map(({ name, value }) => `${name} ${value === null ? 'of no value' : tidy(value)}`).join(', ')}`,
    bound: told.map(({ name, bounds }) => `${name} ${boundsText(bounds)}`).join(', '),
    value: finite(told[0]?.value ?? null),
    examples: [],
  };
}

/** The shares of a check's quantiles, in order. */
export function quantileShares({ quantiles = {} }: DistributionCheck): number[] {
  return Object.keys(quantiles)
    .map(Number)
    .toSorted((a, b) => a - b);
}

/** The rank of the smallest value at or below which at least a share of `values` values lie. */
export function rankOf(share: number, values: number): number {
  return Math.max(1, Math.ceil(share * values));
}

// NaN is within no bounds.
function isWithin(value: number, { atLeast = -Infinity, atMost = Infinity }: Bounds): boolean {
  return value >= atLeast && value <= atMost;
}

function boundsText({ atLeast, atMost }: Bounds): string {
  if (atLeast !== undefined && atMost !== undefined) return `from ${tidy(atLeast)} to ${tidy(atMost)}`;
  return atLeast === undefined ? `at most ${tidy(atMost ?? Infinity)}` : `at least ${tidy(atLeast)}`;
}

function medianOf(values: readonly number[]): number | undefined {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const [low, high] = [sorted[sorted.length % 2 === 0 ? middle - 1 : middle], sorted[middle]];
  return low === undefined || high === undefined ? undefined : (low + high) / 2;
}

/** `nan` and `inf` are DuckDB's words, `NaN` and `Infinity` those of Postgres. */
function numberOf(text: string | null | undefined): number | null {
  if (text === null || text === undefined) return null;
  if (/^nan$/i.test(text)) return NaN;
  if (/^-?inf/i.test(text)) return text.startsWith('-') ? -Infinity : Infinity;
  return Number(text);
}

/** The value behind a rank, of a statement that was asked for ranks. */
export function rankedValue(row: TextRow): readonly [rank: number, value: number] {
  return [Number(row['n']), numberOf(row['v']) ?? NaN];
}

function finite(value: number | null): number | null {
  return value !== null && Number.isFinite(value) ? value : null;
}

export function count(value: number): string {
  return String(value).replaceAll(/\B(?=(\d{3})+$)/g, ',');
}

export function rowsText(rows: number): string {
  return `${count(rows)} ${rows === 1 ? 'row' : 'rows'}`;
}

function percent(share: number): string {
  return `${tidy(share * 100)} %`;
}

function tidy(value: number): string {
  return Number.isFinite(value) ? String(Number(value.toPrecision(6))) : String(value);
}
