import { readdir, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import type { ObjectStore } from '../../object-store/store.js';
import type { LedgerLoad } from '../contract.js';
import type { RecentLoads, RecentLoadsRequest } from '../watching.js';
import { readDoneEntry } from './bucket-ledger.js';
import { translateFileError } from './errors.js';
import { doneOf, LEDGER_FOLDER, type LedgerEntry } from './ledger.js';
import { isEntryName } from './manifest.js';
import { ledgerFolders, toLoad } from './read-ledger.js';

/**
 * An entry is written before its file is in place, and counts from then on: so each look goes back so far behind the newest
 * entry of the one before. By the time of the files' own system; no clock is compared with it but for the first look.
 */
const OVERLAP_MS = 60 * 60_000;

interface Entry {
  readonly modifiedMs: number;
  readonly read: () => Promise<LedgerLoad | undefined>;
}

/** The loads of files below `root` since an earlier look. Some are told again. */
export async function recentFolderLoads(connection: string, root: string, request: RecentLoadsRequest): Promise<RecentLoads> {
  try {
    return await recentOf(folderEntries(connection, root), request);
  } catch (error) {
    throw translateFileError(error, { connection, path: '.' });
  }
}

/** The same in a bucket. */
export function recentBucketLoads(connection: string, store: ObjectStore, request: RecentLoadsRequest): Promise<RecentLoads> {
  return recentOf(bucketEntries(connection, store), request);
}

async function recentOf(entries: AsyncIterable<Entry>, { cursor, since }: RecentLoadsRequest): Promise<RecentLoads> {
  const from = cursor === null ? Date.parse(since) : Number(cursor) - OVERLAP_MS;
  let newest = cursor === null ? from : Number(cursor);
  const loads: LedgerLoad[] = [];
  for await (const { modifiedMs, read } of entries) {
    if (modifiedMs < from) continue;
    const load = await read();
    if (load) loads.push(load);
    newest = Math.max(newest, modifiedMs);
  }
  return { loads: loads.toSorted((a, b) => a.committedAt.localeCompare(b.committedAt)), cursor: String(newest) };
}

async function* folderEntries(connection: string, root: string): AsyncGenerator<Entry> {
  for await (const folder of ledgerFolders(root)) {
    for (const name of (await readdir(folder)).filter(isEntryName)) {
      const file = path.join(folder, name);
      const found = await unlessGone(() => stat(file));
      if (!found) continue;
      yield {
        modifiedMs: found.mtimeMs,
        read: async () => {
          const text = await unlessGone(() => readFile(file, 'utf8'));
          const done = text === undefined ? undefined : doneOf(folder, JSON.parse(text) as LedgerEntry);
          return done && toLoad(done, connection);
        },
      };
    }
  }
}

async function* bucketEntries(connection: string, store: ObjectStore): AsyncGenerator<Entry> {
  for await (const { key, modifiedAt } of store.list('')) {
    const [folder, name = ''] = key.split('/').slice(-2);
    if (folder !== LEDGER_FOLDER || !isEntryName(name)) continue;
    yield { modifiedMs: modifiedAt.getTime(), read: () => readDoneEntry(store, key, connection) };
  }
}

async function unlessGone<T>(read: () => Promise<T>): Promise<T | undefined> {
  try {
    return await read();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
