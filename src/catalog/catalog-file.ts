import { statSync } from 'node:fs';
import { Kysely } from 'kysely';
import { isUpToDate, migrate } from './migrate.js';
import { PlainTextPlugin } from './plain-text.js';
import { isAbsent, openSqlite } from './sqlite.js';
import type { CatalogSession } from './tables.js';

export interface OpenFile {
  readonly db: CatalogSession;
  readonly inode: bigint;
}

/** The catalog's file: opened when first asked for, and again after it was discarded or another was put in its place. */
export interface CatalogFile {
  /** The open file, unless it is no longer the one at the path: facts written to a deleted one would be lost without a word. */
  current(): Promise<OpenFile>;
  /** Closes it, so that the next call opens it anew. */
  discard(file: OpenFile): Promise<void>;
  close(): Promise<void>;
}

/** The catalog's file at `path`, with its tables brought up to date whenever it is opened. */
export function catalogFile(path: string): CatalogFile {
  let opening: Promise<OpenFile> | undefined;

  function open(): Promise<OpenFile> {
    const attempt = openFile(path);
    attempt.catch(() => {
      if (opening === attempt) opening = undefined;
    });
    opening = attempt;
    return attempt;
  }

  async function current(): Promise<OpenFile> {
    const file = await (opening ?? open());
    if (inodeOf(path) === file.inode) return file;
    await discard(file);
    return opening ?? open();
  }

  async function discard(file: OpenFile): Promise<void> {
    if ((await opening) !== file) return;
    opening = undefined;
    await file.db.destroy();
  }

  return {
    current,
    discard,
    close: async () => {
      const file = await opening?.catch(() => undefined);
      opening = undefined;
      await file?.db.destroy();
    },
  };
}

async function openFile(path: string): Promise<OpenFile> {
  const db = new Kysely<unknown>({ dialect: await openSqlite(path), plugins: [new PlainTextPlugin()] });
  try {
    if (!(await isUpToDate(db, isAbsent))) await db.transaction().execute((transaction) => migrate(transaction));
    const inode = inodeOf(path);
    if (inode === undefined) throw new Error('the file vanished while it was opened');
    return { db, inode };
  } catch (error) {
    await db.destroy();
    throw error;
  }
}

// As synchronous as SQLite itself: to ask another thread would take longer than the answer.
function inodeOf(path: string): bigint | undefined {
  return statSync(path, { bigint: true, throwIfNoEntry: false })?.ino;
}
