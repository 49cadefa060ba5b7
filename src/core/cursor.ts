/** How far a source has been loaded into a target, as the target's ledger says. */
export interface Watermark {
  /** The target as people name it: `warehouse.public.orders`. */
  readonly target: string;
  /** Tells several watermarks of one target apart, as one for each region; empty for the usual one. */
  readonly name: string;
  /** The step that read it: who does a load again gets the range that the load had. */
  readonly step: string;
  /** The cursor's column, once a load has moved the watermark. */
  readonly column?: string;
  /** The largest cursor value loaded, as {@link CursorRange} writes values; `null` before the first load. */
  readonly value: string | null;
  /**
   * Set when the load that was planned with this watermark has already been made, by an earlier attempt, before a reset or
   * in the run that this one retries: it is made again with the same upper bound, so that ranges stay next to each other.
   * `null` when that load found no cursor value at all.
   */
  readonly upTo?: string | null;
}

/**
 * The slice of a source that an incremental extract has read: rows with `from` ≤ cursor ≤ `upTo`, and rows without a cursor.
 * Values are text: integers and decimals as digits, dates and times in ISO 8601 with microseconds, with an offset in UTC
 * where the column has one. They are compared as the column's type, never as text.
 */
export interface CursorRange {
  readonly column: string;
  /** The cursor's type in DuckDB's words. */
  readonly type: string;
  /** The watermark at the start of the range, `null` for everything: rows up to it have been loaded before. */
  readonly after: string | null;
  /** `after` less the lag: where reading began. */
  readonly from: string | null;
  /** The largest cursor value in the source when the read began, never before `after`; `null` for a source without any. */
  readonly upTo: string | null;
  /** Rows without a cursor value, which belong to no range; read every time. */
  readonly withoutCursor: number;
  /** The watermark that the range begins at, unless the pipeline gave a value of its own. */
  readonly watermark?: Pick<Watermark, 'target' | 'name' | 'step'>;
}

/** A watermark as a ledger keeps it: on the row of the load that moved it, in the transaction of that load. */
export interface StoredWatermark extends Omit<CursorRange, 'watermark'> {
  readonly name: string;
  /** The step that read the watermark at which the range begins; `null` when the pipeline gave a value of its own. */
  readonly step: string | null;
}
