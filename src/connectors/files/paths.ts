import { createReadStream } from 'node:fs';
import { readdir, realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import type { BigIntStats } from 'node:fs';
import { TerminalError } from '../../core/errors.js';
import type { FoundFile } from './file-tree.js';
import { describePlace, folderInsteadOfFile, translateFileError, type FilePlace } from './errors.js';
import { globToRegExp, isGlob, literalPrefix } from './glob.js';

/**
 * The path, joined to the root, proven to lie below it by its spelling.
 * @throws TerminalError FILE_OUTSIDE_ROOT
 */
export function joinRoot(root: string, place: FilePlace): string {
  const joined = path.resolve(root, place.path);
  if (!isBelow(root, joined)) throw outsideRoot(place);
  return joined;
}

/**
 * Proves that a file yet to be written would lie below the root even if a folder on the way is a link.
 * @throws TerminalError FILE_OUTSIDE_ROOT
 */
export async function requireBelowRoot(root: string, file: string, place: FilePlace): Promise<void> {
  if (!(await exists(root)))
    throw new TerminalError(
      'FILE_MISSING',
      `The root folder of connection "${place.connection}", ${root}, does not exist. Make it, or correct \`root\` in the config.`,
    );
  let folder = file;
  while (!(await exists(folder)) && folder !== root) folder = path.dirname(folder);
  if (!isBelow(await realpath(root), await realpath(folder))) throw outsideRoot(place);
}

/**
 * The files that a path or glob names, sorted by name, with their links followed.
 *
 * @throws TerminalError FILE_MISSING, FILE_OUTSIDE_ROOT (by `..` or by a link), FILE_DENIED
 */
export async function findFiles(root: string, place: FilePlace): Promise<FoundFile[]> {
  const joined = joinRoot(root, place);
  const origins = isGlob(place.path) && !(await exists(joined)) ? await matchGlob(root, place) : [path.relative(root, joined)];
  const found = await Promise.all(origins.map((origin) => inspect(root, { ...place, path: toSlashes(origin) })));
  return found.toSorted((a, b) => (a.origin < b.origin ? -1 : 1));
}

function isBelow(root: string, file: string): boolean {
  const relative = path.relative(root, file);
  return relative !== '..' && !relative.startsWith(`..${path.sep}`) && !path.isAbsolute(relative);
}

export function outsideRoot(place: FilePlace): TerminalError {
  return new TerminalError(
    'FILE_OUTSIDE_ROOT',
    `${describePlace(place)} leads out of the connection's root folder. Use a path below the root, or another connection.`,
  );
}

async function exists(file: string): Promise<boolean> {
  return stat(file).then(
    () => true,
    () => false,
  );
}

async function inspect(root: string, place: FilePlace): Promise<FoundFile> {
  let file: string;
  let stats: BigIntStats;
  try {
    const [below, named] = await Promise.all([realpath(root), realpath(path.join(root, place.path))]);
    if (!isBelow(below, named)) throw outsideRoot(place);
    file = named;
    stats = await stat(file, { bigint: true });
  } catch (error) {
    throw translateFileError(error, place);
  }
  if (stats.isDirectory()) throw folderInsteadOfFile(place);
  if (!stats.isFile()) throw new TerminalError('FILE_MISSING', `${describePlace(place)} is not a regular file. Name a file.`);
  return {
    file,
    origin: place.path,
    sizeBytes: Number(stats.size),
    stamp: stampOf(stats),
    modifiedMs: Number(stats.mtimeMs),
    read: ({ bytes } = {}) =>
      Promise.resolve(createReadStream(file, { highWaterMark: PIECE_BYTES, ...(bytes !== undefined && { end: bytes - 1 }) })),
    isUnchanged: () =>
      stat(file, { bigint: true }).then(
        (now) => stampOf(now) === stampOf(stats),
        () => false,
      ),
  };
}

const PIECE_BYTES = 2 ** 20;

/** Size and modification time: what a reader compares to see that a file in place is still the same. */
function stampOf({ size, mtimeNs }: BigIntStats): string {
  return `${size}-${mtimeNs}`;
}

// Hidden files and the folders in which destinations keep their ledger are never data. Linked folders are not walked
// into: they may lead round in circles.
async function matchGlob(root: string, place: FilePlace): Promise<string[]> {
  const pattern = globToRegExp(toSlashes(path.relative(root, path.resolve(root, place.path))));
  const base = literalPrefix(place.path);
  const matches: string[] = [];
  async function walk(folder: string): Promise<void> {
    for (const entry of await readdir(path.join(root, folder), { withFileTypes: true })) {
      if (entry.name.startsWith('.') || entry.name === '_millrace') continue;
      const relative = path.join(folder, entry.name);
      if (entry.isDirectory()) await walk(relative);
      else if (pattern.test(toSlashes(relative)) && !(await isDirectory(path.join(root, relative)))) matches.push(relative);
    }
  }
  try {
    await walk(base);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw translateFileError(error, place);
  }
  if (matches.length === 0) {
    throw new TerminalError(
      'FILE_MISSING',
      `No file matches ${describePlace(place)}. Check the pattern; it is relative to the connection's root.`,
    );
  }
  return matches;
}

async function isDirectory(file: string): Promise<boolean> {
  return stat(file).then(
    (stats) => stats.isDirectory(),
    () => false,
  );
}

function toSlashes(relative: string): string {
  return relative.split(path.sep).join('/');
}
