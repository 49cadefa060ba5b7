import type { Scalar } from './filter.js';

/** How rows meet a table: added, upserted by key, or put in place of the whole table or of one partition. */
export type LoadMode = 'append' | 'merge' | 'replace';

/** The part of a table that a load replaces: rows whose columns equal these values. */
export type TargetPartition = Readonly<Record<string, Scalar>>;

/**
 * Who loads: the same for every attempt, every reset and every retry of one step of one run, so that the destination's
 * ledger can tell a repetition from a new load.
 */
export interface LoadIdentity {
  /** Workflow id, first execution's run id, link, step: joined by `/`. Unique in a ledger. */
  readonly loadId: string;
  /** sha256 of the dataset that is loaded. */
  readonly content: string;
  readonly pipeline: string;
  readonly step: string;
  /** The run's partition, if its pipeline has one. */
  readonly partition?: string;
  readonly workflowId: string;
  readonly runId: string;
}

/** What a load did. Small: it becomes a step's result. */
export interface LoadResult {
  /** The target as people name it: `warehouse.public.delays_by_state`. */
  readonly target: string;
  readonly mode: LoadMode;
  /** Rows of the dataset that the target now holds through this load. */
  readonly rows: number;
  /** Rows that were there before and were taken away or overwritten, where the destination can tell. */
  readonly replaced: number;
  /** True when the ledger showed that this very load had been done before. */
  readonly alreadyDone: boolean;
  readonly loadId: string;
  readonly created: boolean;
  /** How far the target has got by this load, for a load with a watermark; `null` while no cursor value was met. */
  readonly watermark?: string | null;
}
