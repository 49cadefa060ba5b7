import { plainTable } from '../dev/text-format.js';

/** Rows without a head, in columns; after the first `left`, those that hold numbers stand to the right. */
export function columns(rows: readonly (readonly string[])[], left: number): string {
  const width = Math.max(0, ...rows.map((row) => row.length));
  const nothing = Array.from({ length: width }, () => '');
  return rows.length === 0 ? '' : plainTable(nothing, rows, left).replace(/^\s*\n/, '');
}
