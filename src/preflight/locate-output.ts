import type { Place } from '../core/problems.js';

/**
 * Where a SELECT gives a column its name: at its last `AS name`, or else where the name stands by itself in front of a comma or
 * FROM. Nothing where that does not show, as with `*`.
 */
export function locateOutput(sql: string, column: unknown): Pick<Place, 'line' | 'column'> {
  if (typeof column !== 'string') return {};
  const name = column.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
  const named = [...sql.matchAll(new RegExp(`\\bas\\s+"?${name}"?(?![\\w"])`, 'gi'))].at(-1);
  const bare = new RegExp(`(?<![\\w"])"?${name}"?(?=\\s*(?:,|\\sfrom\\b))`, 'i').exec(sql);
  const found = named ?? bare;
  if (!found) return {};
  const at = found.index + found[0].length - found[0].replace(/^as\s+/i, '').length;
  const before = sql.slice(0, at).split('\n');
  return { line: before.length, column: (before.at(-1) ?? '').length + 1 };
}
