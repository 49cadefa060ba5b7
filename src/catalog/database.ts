import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf, MillraceError, TransientError } from '../core/errors.js';
import { catalogFile } from './catalog-file.js';
import { isBusy, isClosed } from './sqlite.js';
import type { CatalogSession } from './tables.js';

/** How long a call goes on asking for a lock that other processes hold. */
const BUSY_PATIENCE_MS = 5_000;
const LONGEST_PAUSE_MS = 200;

/** Reads and writes, each tried again while another process holds the lock. */
export interface CatalogDatabase {
  read<T>(work: (db: CatalogSession) => Promise<T>): Promise<T>;
  /** One transaction: all of `work` is kept, or nothing. `work` may be called more than once. */
  write(work: (db: CatalogSession) => Promise<void>): Promise<void>;
  close(): Promise<void>;
}

/** Access to the catalog at `path`; every failure of it is a TransientError CATALOG_UNAVAILABLE that names the path. */
export function catalogDatabase(path: string): CatalogDatabase {
  const keeper = catalogFile(path);

  async function read<T>(work: (db: CatalogSession) => Promise<T>): Promise<T> {
    const file = await keeper.current();
    try {
      return await work(file.db);
    } catch (error) {
      // The connection may be left with a statement that never ends, see the driver.
      await keeper.discard(file);
      throw error;
    }
  }

  async function write(work: (db: CatalogSession) => Promise<void>): Promise<void> {
    const file = await keeper.current();
    let begun = false;
    try {
      await file.db.transaction().execute((transaction) => {
        begun = true;
        return work(transaction);
      });
    } catch (error) {
      if (begun) await keeper.discard(file);
      throw error;
    }
  }

  return {
    read: (work) => patiently(path, 'read', () => read(work)),
    write: (work) => patiently(path, 'written', () => write(work)),
    close: () => keeper.close(),
  };
}

async function patiently<T>(path: string, verb: string, work: () => Promise<T>): Promise<T> {
  const deadline = Date.now() + BUSY_PATIENCE_MS;
  for (let pause = 10; ; pause = Math.min(pause * 2, LONGEST_PAUSE_MS)) {
    try {
      return await work();
    } catch (error) {
      if (!(isBusy(error) || isClosed(error)) || Date.now() > deadline) throw unavailable(path, verb, error);
      await sleep(pause * (0.5 + Math.random()));
    }
  }
}

function unavailable(path: string, verb: string, error: unknown): Error {
  if (error instanceof MillraceError) return error;
  return new TransientError(
    'CATALOG_UNAVAILABLE',
    `The catalog ${path} cannot be ${verb}: ${reasonOf(error)}`,
    { path },
    { cause: error },
  );
}

function reasonOf(error: unknown): string {
  const message = messageOf(error);
  if (isBusy(error))
    return `other processes have kept it locked for ${BUSY_PATIENCE_MS / 1000} s. Find what holds the file open.`;
  if (message.startsWith('corrupted migrations'))
    return 'a newer version of Millrace has written it. Use that version, or another catalog file.';
  if (message.includes('Unable to open connection'))
    return 'the file cannot be opened. Check that its folder exists and may be written.';
  if (/malformed|not a database/i.test(message))
    return `${message}: the file is damaged. Move it away; a new one is made, and runs go on.`;
  return `${message}.`;
}
