import { stat } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { Kysely, Migrator } from 'kysely';
import { messageOf, MillraceError, TransientError } from '../core/errors.js';
import { MIGRATIONS } from './migrations/index.js';
import { isBusy, sqliteDialect } from './sqlite.js';
import type { CatalogSession, CatalogTables } from './tables.js';

/** How long a call goes on asking for a lock that other processes hold. */
const BUSY_PATIENCE_MS = 5_000;
const LONGEST_PAUSE_MS = 200;

interface OpenFile {
  readonly db: CatalogSession;
  readonly inode: bigint;
}

/** The catalog's file, opened when first used, and again when someone has put another in its place. */
export interface CatalogDatabase {
  read<T>(work: (db: CatalogSession) => Promise<T>): Promise<T>;
  /** One transaction: all of `work` is kept, or nothing. `work` may be called more than once. */
  write(work: (db: CatalogSession) => Promise<void>): Promise<void>;
  close(): Promise<void>;
}

/** Access to the catalog at `path`; every failure of it is a TransientError CATALOG_UNAVAILABLE that names the path. */
export function catalogDatabase(path: string): CatalogDatabase {
  let opening: Promise<OpenFile> | undefined;

  async function current(): Promise<CatalogSession> {
    opening ??= openFile(path);
    const attempt = opening;
    try {
      const file = await attempt;
      if ((await inodeOf(path)) === file.inode) return file.db;
      // A deleted file could still be written, and every fact in it would be lost without a word.
      if (opening === attempt) {
        opening = openFile(path);
        await file.db.destroy();
      }
      return (await opening!).db;
    } catch (error) {
      if (opening === attempt) opening = undefined;
      throw error;
    }
  }

  return {
    read: (work) => patiently(path, 'read', async () => work(await current())),
    write: (work) => patiently(path, 'written', async () => (await current()).transaction().execute(work)),
    close: async () => {
      const file = await opening?.catch(() => undefined);
      opening = undefined;
      await file?.db.destroy();
    },
  };
}

async function openFile(path: string): Promise<OpenFile> {
  const db = new Kysely<CatalogTables>({ dialect: sqliteDialect(path) });
  try {
    const migrator = new Migrator({
      db,
      provider: { getMigrations: () => Promise.resolve({ ...MIGRATIONS }) },
      migrationTableName: 'catalog_migrations',
      migrationLockTableName: 'catalog_migrations_lock',
    });
    const { error } = await migrator.migrateToLatest();
    if (error !== undefined) throw error;
    const inode = await inodeOf(path);
    if (inode === undefined) throw new Error('the file vanished while it was opened');
    return { db, inode };
  } catch (error) {
    await db.destroy();
    throw error;
  }
}

async function inodeOf(path: string): Promise<bigint | undefined> {
  try {
    return (await stat(path, { bigint: true })).ino;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

async function patiently<T>(path: string, verb: string, work: () => Promise<T>): Promise<T> {
  const deadline = Date.now() + BUSY_PATIENCE_MS;
  for (let pause = 10; ; pause = Math.min(pause * 2, LONGEST_PAUSE_MS)) {
    try {
      return await work();
    } catch (error) {
      if (!isBusy(error) || Date.now() > deadline) throw unavailable(path, verb, error);
      await sleep(pause * (0.5 + Math.random()));
    }
  }
}

function unavailable(path: string, verb: string, error: unknown): Error {
  if (error instanceof MillraceError) return error;
  return new TransientError('CATALOG_UNAVAILABLE', `The catalog ${path} cannot be ${verb}: ${reasonOf(error)}`, { path }, { cause: error });
}

function reasonOf(error: unknown): string {
  const message = messageOf(error);
  if (isBusy(error)) return `other processes have kept it locked for ${BUSY_PATIENCE_MS / 1000} s. Find what holds the file open.`;
  if (message.startsWith('corrupted migrations')) return 'a newer version of Millrace has written it. Use that version, or another catalog file.';
  if (message.includes('Unable to open connection')) return 'the file cannot be opened. Check that its folder exists and may be written.';
  if (/malformed|not a database/i.test(message)) return `${message}: the file is damaged. Move it away; a new one is made, and runs go on.`;
  return `${message}.`;
}
