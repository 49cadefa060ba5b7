import type { InputColumn } from './input-columns.js';
import type { Wire, WireBatch } from './wire.js';

/** A row as a function sees it. */
export type Row = Record<string, unknown>;

/** The rows of a batch. */
export function decodeRows(columns: readonly InputColumn[], batch: WireBatch): Row[] {
  const rows: Row[] = Array.from({ length: batch.rows }, () => ({}));
  columns.forEach(({ name, read, leaveOut }, index) => {
    const values = batch.columns[index] as readonly Wire[];
    for (let row = 0; row < batch.rows; row++) {
      const value = values[row] as Wire;
      if (value !== null) (rows[row] as Row)[name] = read === undefined ? value : read(value);
      else if (!leaveOut) (rows[row] as Row)[name] = null;
    }
  });
  return rows;
}
