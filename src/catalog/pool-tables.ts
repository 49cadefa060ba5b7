/* Pools as they are stored; see `tables.ts`. */

export interface PoolsTable {
  /** The pool's workflow id. */
  pool_id: string;
  pool: string;
  /** The execution that told. */
  run_id: string;
  slots: number;
  /** JSON: the slots that are held, and the first requests that wait. */
  held: string;
  queued: string;
  queued_in_all: number;
  change: number;
  told_at: string;
}
