import type { LoadManner, LoadMode } from './load.js';

/** Rejected rows of a step that are shown in one answer, at most: somebody waits while they are read. */
export const MOST_EXAMPLES = 100;

/** Rejected rows by their numbers, from and to, both included: ascending, apart from each other. */
export type RowRange = readonly [from: number, to: number];

/** What a load adds to an earlier one: rows that were rejected then, and pass now. */
export interface Addition {
  /** Load id and content of the earlier load, as the ledger has them. */
  readonly loadId: string;
  readonly content: string;
  /** Numbers of the rows in the quarantine of the step that rejected them. */
  readonly rows: readonly RowRange[];
}

/** Asks what was added to a load into a target, both as the load had them. */
export interface AdditionsRequest extends Pick<Addition, 'loadId' | 'content'> {
  readonly target: string;
  readonly connection: string;
}

export interface AddedRows {
  /** Of the load that added them. */
  readonly loadId: string;
  readonly rows: readonly RowRange[];
}

/** The load that rejected rows would have been part of. */
export interface AddsTo extends Pick<Addition, 'loadId' | 'content'> {
  readonly pipeline: string;
  readonly step: string;
  readonly partition?: string;
}

/** A load as it was done, so that it can be added to. */
export interface PlannedAddition {
  readonly addsTo: AddsTo;
  readonly connection: string;
  readonly target: string;
  readonly mode: LoadMode;
  readonly options: LoadOptions;
}

/** How a load was to write, besides its mode; what is absent was not given. */
export interface LoadOptions extends Pick<LoadManner, 'partition' | 'deleteFlag' | 'schema'> {
  readonly key?: readonly string[];
  readonly validFrom?: string;
  /** Set for a load that was audited: rows that are added later would not be. */
  readonly audited?: true;
}

/** The columns of an exported quarantine that are Millrace's. A row is known by run, step and number. */
export const QUARANTINE_COLUMNS = {
  number: '_millrace_number',
  run: '_millrace_run',
  step: '_millrace_step',
  source: '_millrace_source',
  line: '_millrace_line',
  byte: '_millrace_byte',
  reasons: '_millrace_reasons',
  contract: '_millrace_contract',
  version: '_millrace_contract_version',
  text: '_millrace_text',
} as const;

export function countRows(ranges: readonly RowRange[]): number {
  return ranges.reduce((sum, [from, to]) => sum + to - from + 1, 0);
}

/** Whether two lists of ranges share a row. */
export function overlaps(one: readonly RowRange[], other: readonly RowRange[]): boolean {
  return intersect(one, other).length > 0;
}

/** The rows that are in both. */
export function intersect(one: readonly RowRange[], other: readonly RowRange[]): RowRange[] {
  const shared: RowRange[] = [];
  for (let a = 0, b = 0; a < one.length && b < other.length;) {
    const [left, right] = [one[a] as RowRange, other[b] as RowRange];
    const [from, to] = [Math.max(left[0], right[0]), Math.min(left[1], right[1])];
    if (from <= to) shared.push([from, to]);
    if (left[1] < right[1]) a += 1;
    else b += 1;
  }
  return shared;
}

/** The rows that are in any of several lists. */
export function unite(lists: readonly (readonly RowRange[])[]): RowRange[] {
  const united: [number, number][] = [];
  for (const [from, to] of lists.flat().toSorted(([a], [b]) => a - b)) {
    const last = united.at(-1);
    if (last && from <= last[1] + 1) last[1] = Math.max(last[1], to);
    else united.push([from, to]);
  }
  return united;
}
