import { plainTable } from '../dev/text-format.js';

/** Rows without a head, in columns; those after the first `left` stand to the right. */
export function columns(rows: readonly (readonly string[])[], left: number): string {
  const [first, ...others] = rows;
  return first ? plainTable(first, others, left) : '';
}
