import type { FileTree } from './file-tree.js';
import { findFiles } from './paths.js';

/** The files below a folder. */
export function folderTree(root: string): FileTree {
  return { find: (place) => findFiles(root, place), readable: (found) => Promise.resolve(found) };
}
