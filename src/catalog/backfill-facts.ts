import type { BackfillCounts, BackfillRequest, BackfillStatus, PartitionStatus } from '../core/backfill.js';

export type { BackfillHead, BackfillRecorded } from '../core/backfill.js';

export interface BackfillRow {
  readonly backfill: string;
  readonly request: BackfillRequest;
  readonly status: BackfillStatus;
  readonly startedAt: string;
  readonly finishedAt: string | null;
  readonly error: { readonly code: string; readonly message: string } | null;
  readonly counts: BackfillCounts;
  /** Partitions of the range that were not its to do. */
  readonly leftOut: number;
  /** The number of the latest change. */
  readonly change: number;
}

export interface BackfillPartitionRow {
  readonly partition: string;
  readonly status: PartitionStatus;
  readonly runId: string | null;
  readonly attempts: number;
  readonly changedAt: string;
  readonly error: { readonly code: string; readonly message: string } | null;
  /** Why it is left out. */
  readonly note: string | null;
}

/** Which backfills are listed. */
export interface BackfillFilter {
  /** Only those of these pipelines. @default of any */
  readonly pipelines?: readonly string[];
  readonly status?: BackfillStatus;
  /** Only those that come after this one in the list. */
  readonly after?: { readonly startedAt: string; readonly backfill: string };
  readonly limit: number;
}

/** Runs of a pipeline in a range of partitions. */
export interface PartitionRange {
  readonly pipeline: string;
  readonly from: string;
  readonly to: string;
}

/** The latest run of a partition, and how many rows it loaded. */
export interface PartitionRunRow {
  readonly partition: string;
  readonly workflowId: string;
  readonly runId: string;
  readonly status: string;
  readonly startedAt: string | null;
  /** Of the loads that the catalog knows; null without any. */
  readonly rows: number | null;
}
