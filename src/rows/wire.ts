/** A value on its way between the threads. */
export type Wire = string | number | bigint | boolean | null;

/** A batch on its way: its columns, in the order that both sides draw from the contract. */
export interface WireBatch {
  readonly rows: number;
  readonly columns: readonly (readonly Wire[])[];
}

/** Most rows of a batch: DuckDB's own measure. */
export const BATCH_ROWS = 2048;

/** About the most bytes of a batch. One row is never cut. */
export const BATCH_BYTES = 4 * 1024 * 1024;

/** About how many bytes a column of a batch takes. */
export function bytesOf(column: readonly Wire[]): number {
  let bytes = column.length * 8;
  for (const value of column) if (typeof value === 'string') bytes += value.length;
  return bytes;
}
