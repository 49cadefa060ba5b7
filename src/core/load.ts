import type { CheckResult } from './checks.js';
import type { Scalar } from './filter.js';

/**
 * How rows meet a table: added, upserted by key, put in place of the whole table or of one partition, or kept as versions
 * of their key (a slowly changing dimension of type 2).
 */
export type LoadMode = 'append' | 'merge' | 'replace' | 'scd2';

/**
 * What a load does when the columns of dataset and target differ: refuse with the difference, widen the target, or leave
 * out what the target has no column for.
 */
export type SchemaPolicy = 'freeze' | 'evolve' | 'discard';

/** One change of columns that came with a load. */
export interface SchemaChange {
  /**
   * `added`: the target got the column; `widened`: it got a wider type; `nullable`: it may now lack a value; `missing`: the
   * dataset no longer has a column that the load before filled; `discarded`: the dataset's column was not loaded.
   */
  readonly change: 'added' | 'widened' | 'nullable' | 'missing' | 'discarded';
  readonly column: string;
  /** The type before, in the target's words. */
  readonly from?: string;
  /** The type now, in the target's words. */
  readonly to?: string;
  /** Of a discarded column: the rows that had a value in it. */
  readonly rows?: number;
}

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
  /** With a delete flag: the rows that were deleted, or the versions that were ended. */
  readonly deleted?: number;
  /** What its audit found, for a load with one. A step's result has a summary instead. @default nothing */
  readonly audited?: readonly CheckResult[];
  /**
   * Of a load that adds rejected rows to an earlier merge: the rows that were left out, because later loads have written
   * their keys since.
   */
  readonly leftOut?: number;
  /** How the columns changed. A step's result has the first ones; the catalog has all. @default none */
  readonly changes?: readonly SchemaChange[];
  /** How many changes a step's result leaves out. @default none */
  readonly changesLeftOut?: number;
  /** Nothing was loaded: somebody skipped this step, the load itself or one that its dataset is made of. */
  readonly skipped?: string;
}

/** What the changes in a step's result may take, in bytes of JSON: it enters a workflow's history. */
const MAX_CHANGES_BYTES = 1024;

/** The result as a workflow gets it, with no more changes than history can take. */
export function boundedResult(whole: LoadResult): LoadResult {
  const { audited: _, ...result } = whole;
  const { changes = [] } = result;
  let bytes = 0;
  const kept = changes.filter((change) => (bytes += Buffer.byteLength(JSON.stringify(change)) + 1) <= MAX_CHANGES_BYTES);
  return kept.length === changes.length ? result : { ...result, changes: kept, changesLeftOut: changes.length - kept.length };
}

/** Options of a load that decide how it writes. */
export interface LoadManner {
  readonly mode: LoadMode;
  readonly partition?: TargetPartition;
  readonly deleteFlag?: string;
  readonly schema?: SchemaPolicy;
  readonly audit?: unknown;
}

/** Whether a load must have all rows of its dataset before it can write the first one. */
export function needsWholeDataset({ mode, partition, deleteFlag, schema = 'freeze', audit }: LoadManner): boolean {
  return (
    mode === 'merge' ||
    mode === 'scd2' ||
    partition !== undefined ||
    deleteFlag !== undefined ||
    schema !== 'freeze' ||
    audit !== undefined
  );
}
