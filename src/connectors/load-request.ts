import type { CursorRange, StoredWatermark } from '../core/cursor.js';
import type { Column } from '../core/dataset.js';
import type { LoadIdentity, LoadMode, SchemaChange, SchemaPolicy, TargetPartition } from '../core/load.js';
import type { Addition } from '../core/quarantine.js';
import type { LoadAudit } from './audit.js';

/** A load as the destination's ledger keeps it. */
export interface LedgerLoad extends LoadIdentity {
  /** As `LoadResult` names it. */
  readonly target: string;
  readonly mode: LoadMode;
  readonly rows: number;
  readonly watermark?: StoredWatermark;
  /** ISO 8601, in UTC. */
  readonly committedAt: string;
  /** As `LoadResult` has them, but all of them. @default none */
  readonly changes?: readonly SchemaChange[];
  readonly deleted?: number;
  /** The id of the load that this one adds to. */
  readonly addsTo?: string;
}

/** A load whose rows come while it works. */
export interface GrowingLoad extends Omit<LoadRequest, 'identity' | 'select' | 'rows'> {
  readonly identity: Omit<LoadIdentity, 'content'>;
  /** SELECTs like {@link LoadRequest.select}; together they give every row of the dataset once. */
  readonly batches: AsyncIterable<string>;
  /** The load of the whole dataset; may be called before the batches have ended. Rejects when there will be none. */
  whole(): Promise<LoadRequest>;
}

export interface LoadRequest {
  readonly identity: LoadIdentity;
  readonly mode: LoadMode;
  /** The target: a table (databases) or a path below the root (files). */
  readonly target: string;
  /** The connection's name, for messages and for the result. */
  readonly connection: string;
  /** A SELECT, valid in the session, that gives the dataset's rows with exactly `columns`, in that order. */
  readonly select: string;
  readonly columns: readonly Column[];
  readonly rows: number;
  /** Columns that identify a row; needed by merge, and made the primary key of a table that is created. */
  readonly key?: readonly string[];
  /** With `replace`: only these rows of the target are replaced, and every row loaded must match. */
  readonly partition?: TargetPartition;
  /** The range of which these rows are; the load moves the target's watermark to its end. An append's rows all lie after its beginning. */
  readonly watermark?: CursorRange;
  /**
   * With `merge` and `scd2`: a boolean column of `columns`. A row in which it is true stands for the deletion of its key;
   * null counts as false. The column itself is not loaded.
   */
  readonly deleteFlag?: string;
  /** With `scd2`: the column of `columns` that says from when a row holds. @default the moment of the load */
  readonly validFrom?: string;
  /** @default 'freeze' */
  readonly schema?: SchemaPolicy;
  /** What is asked of the load before it is published. @default nothing */
  readonly audit?: LoadAudit;
  /**
   * The rows are added to an earlier load, which stays: nothing is replaced but what a merge finds by its key. Only while the
   * target holds that load, and none of these rows has been added before; the ledger notes which were.
   */
  readonly addsTo?: Addition;
}
