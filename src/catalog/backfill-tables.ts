/* Backfills as they are stored; see `tables.ts`. */

export interface BackfillsTable {
  /** The backfill's workflow id. */
  backfill: string;
  pipeline: string;
  first_partition: string;
  last_partition: string;
  request: string;
  by: string;
  status: string;
  started_at: string;
  finished_at: string | null;
  /** Grows with each change of the backfill. */
  change: number;
  error_code: string | null;
  error_message: string | null;
}

export interface BackfillPartitionsTable {
  backfill: string;
  partition: string;
  status: string;
  run_id: string | null;
  attempts: number;
  change: number;
  changed_at: string;
  error_code: string | null;
  error_message: string | null;
  /** Why it is left out. */
  note: string | null;
}
