import { MillraceError } from '../../core/errors.js';
import type { ArrivingFile } from '../watching.js';
import type { FileTree } from './file-tree.js';

/** A file that nobody has touched for so long is taken for whole. */
const SETTLED_AFTER_MS = 2_000;

/** The files that a path or pattern names now; none where there are none. */
export async function arrivingFiles(
  tree: FileTree,
  connection: string,
  path: string,
  signal: AbortSignal,
): Promise<ArrivingFile[]> {
  try {
    const found = await tree.find({ connection, path }, signal);
    return found.map(({ origin, stamp, modifiedMs }) => ({
      path: origin,
      stamp,
      // Clocks of other machines may be before ours; an object of a store is there as a whole.
      settled: modifiedMs === undefined || Math.abs(Date.now() - modifiedMs) >= SETTLED_AFTER_MS,
    }));
  } catch (error) {
    if (error instanceof MillraceError && error.code === 'FILE_MISSING') return [];
    throw error;
  }
}
