import { messageOf, MillraceError, TransientError } from '../core/errors.js';
import { catalogFile } from './catalog-file.js';
import { PATIENCE_MS, persistently, type CatalogDatabase } from './database.js';
import { NewerCatalog } from './migrate.js';
import { isBusy, isClosed } from './sqlite.js';
import type { CatalogSession } from './tables.js';

/** The catalog in a SQLite file; every failure of it is a TransientError CATALOG_UNAVAILABLE that names the path. */
export function sqliteDatabase(path: string): CatalogDatabase {
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

  async function write<T>(work: (db: CatalogSession, opened: object) => Promise<T>): Promise<T> {
    const file = await keeper.current();
    let begun = false;
    try {
      return await file.db.transaction().execute((transaction) => {
        begun = true;
        return work(transaction, file);
      });
    } catch (error) {
      if (begun) await keeper.discard(file);
      throw error;
    }
  }

  return {
    name: path,
    read: (work) => patiently(path, 'read', () => read(work)),
    write: (work) => patiently(path, 'written', () => write(work)),
    close: () => keeper.close(),
  };
}

async function patiently<T>(path: string, verb: string, work: () => Promise<T>): Promise<T> {
  try {
    return await persistently(work, (error) => isBusy(error) || isClosed(error));
  } catch (error) {
    throw unavailable(path, verb, error);
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
  if (isBusy(error)) return `other processes have kept it locked for ${PATIENCE_MS / 1000} s. Find what holds the file open.`;
  if (error instanceof NewerCatalog) return `${message}. Use that version, or another catalog file.`;
  if (message.includes('Unable to open connection'))
    return 'the file cannot be opened. Check that its folder exists and may be written.';
  if (/malformed|not a database/i.test(message))
    return `${message}: the file is damaged. Move it away; a new one is made, and runs go on.`;
  return `${message}.`;
}
