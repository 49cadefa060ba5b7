import type { CursorRange } from '../core/cursor.js';
import { count } from '../core/amounts.js';

/** What an extract by a cursor has read, in words: `updated_at 2024-01-01T00:00:00.000000 to 2024-01-02T00:00:00.000000`. */
export function rangeText({ column, after, from, upTo, withoutCursor }: CursorRange): string {
  const end = upTo ?? 'no value';
  const lag = from === after ? '' : `, the watermark being ${after ?? 'not set'}`;
  const without = withoutCursor > 0 ? `, and ${count(withoutCursor)} ${withoutCursor === 1 ? 'row' : 'rows'} without it` : '';
  return `${column} ${from === null ? 'up' : from} to ${end}${lag}${without}`;
}
