import path from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * The first line of a stack that is in the project and not in one of its packages, as `transforms/enrich.ts:12:9`.
 *
 * @param directory the project's folder
 */
export function placeOf(stack: string | undefined, directory: string): string | undefined {
  for (const line of (stack ?? '').split('\n')) {
    const found = /(?:\(|at (?:async )?)((?:file:\/\/)?\/[^()]*?)(?:\?[^:()]*)?:(\d+):(\d+)\)?$/.exec(line.trim());
    if (!found) continue;
    const [, where = '', row, column] = found;
    const file = where.startsWith('file://') ? fileURLToPath(where) : where;
    const relative = path.relative(directory, file);
    if (!relative.startsWith('..') && !relative.split(path.sep).includes('node_modules')) return `${relative}:${row}:${column}`;
  }
  return undefined;
}
