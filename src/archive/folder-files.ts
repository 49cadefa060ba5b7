import { randomBytes } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, open, opendir, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { TerminalError } from '../core/errors.js';
import type { ArchiveFile, ArchiveFiles } from './files.js';

/** What a writer that was killed has left is as old as this before another takes it away. */
const LEFT_MS = 86_400_000;
const UNFINISHED = '.part';

/** An archive in a folder, which is made when the first file is written. */
export function folderFiles(root: string): ArchiveFiles {
  const at = (key: string): string => path.join(root, key);
  return {
    root,
    secrets: [],
    async write(key, content) {
      const unfinished = `${at(key)}.${randomBytes(6).toString('hex')}${UNFINISHED}`;
      try {
        await mkdir(path.dirname(unfinished), { recursive: true });
        await pipeline(content, createWriteStream(unfinished));
        const { size } = await flushed(unfinished);
        await rename(unfinished, at(key));
        return size;
      } catch (error) {
        await rm(unfinished, { force: true }).catch(() => undefined);
        throw refused(root, error);
      }
    },
    async read(key) {
      try {
        await stat(at(key));
        return createReadStream(at(key));
      } catch (error) {
        if (isMissing(error)) return undefined;
        throw refused(root, error);
      }
    },
    async remove(key) {
      try {
        await rm(at(key));
        return true;
      } catch (error) {
        if (isMissing(error)) return false;
        throw refused(root, error);
      }
    },
    list: () => filesBelow(root),
    close: () => Promise.resolve(),
  };
}

async function flushed(file: string) {
  const handle = await open(file, 'r+');
  try {
    await handle.sync();
    return await handle.stat();
  } finally {
    await handle.close();
  }
}

async function* filesBelow(root: string): AsyncGenerator<ArchiveFile> {
  try {
    for await (const entry of await opendir(root, { recursive: true })) {
      if (!entry.isFile()) continue;
      const file = path.join(entry.parentPath, entry.name);
      // Somebody may have taken it away since.
      const found = await stat(file).catch(() => undefined);
      if (!found) continue;
      const { mtimeMs: changedMs, size: bytes } = found;
      if (!entry.name.endsWith(UNFINISHED)) yield { key: path.relative(root, file).split(path.sep).join('/'), changedMs, bytes };
      else if (Date.now() - changedMs > LEFT_MS) await rm(file, { force: true });
    }
  } catch (error) {
    if (!isMissing(error)) throw refused(root, error);
  }
}

function isMissing(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'ENOENT';
}

function refused(root: string, error: unknown): unknown {
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return new TerminalError('STAGING_FULL', `The disk of the archive's folder ${root} is full (${code}). Free space there.`);
  }
  if (code !== 'EACCES' && code !== 'EPERM' && code !== 'EROFS' && code !== 'ENOTDIR') return error;
  return new TerminalError(
    'ARCHIVE_DENIED',
    `The operating system refuses the archive's folder ${root} (${code}). Give the worker's user the right to it, or name another in archive.root.`,
    {},
    { cause: error },
  );
}
