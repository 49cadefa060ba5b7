import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { SqliteDialect, SqliteDriver, type Dialect, type SqliteDatabase, type SqliteStatement } from 'kysely';
import Database from 'libsql';

/** libsql's calls are synchronous: a wait for a lock blocks the event loop, and with it heartbeats, for this long at most. */
const BUSY_TIMEOUT_MS = 100;

/**
 * A driver whose transactions take the write lock when they begin. SQLite's own default takes it at the first write, and
 * then refuses, without waiting, when another process has written since the transaction's first read.
 *
 * The three go through `exec`, since a prepared statement that libsql could not finish counts as running until it is
 * collected as garbage, and no transaction of the connection can be committed while one does.
 */
class ImmediateSqliteDriver extends SqliteDriver {
  constructor(private readonly database: Database.Database) {
    super({ database: preparingOnce(database) });
  }

  override beginTransaction(): Promise<void> {
    return this.exec('begin immediate');
  }

  override commitTransaction(): Promise<void> {
    return this.exec('commit');
  }

  override rollbackTransaction(): Promise<void> {
    return this.exec('rollback');
  }

  private async exec(statement: string): Promise<void> {
    await Promise.resolve(this.database.exec(statement));
  }
}

/** So many statements stay prepared; the catalog writes a few dozen different ones. */
const MOST_PREPARED = 200;

/**
 * Keeps what writes prepared: to prepare a statement takes longer than to run it. One that failed may be left running, but
 * then nobody uses its connection any more.
 */
function preparingOnce(database: Database.Database): SqliteDatabase {
  const prepared = new Map<string, SqliteStatement>();
  return {
    close: () => void database.close(),
    prepare(sql) {
      const known = prepared.get(sql);
      if (known) return known;
      const statement = database.prepare(sql) as unknown as SqliteStatement;
      if (statement.reader) return statement;
      if (prepared.size >= MOST_PREPARED) prepared.clear();
      prepared.set(sql, statement);
      return statement;
    },
  };
}

class ImmediateSqliteDialect extends SqliteDialect {
  constructor(private readonly database: Database.Database) {
    super({ database });
  }

  override createDriver(): SqliteDriver {
    return new ImmediateSqliteDriver(this.database);
  }
}

/** Opens a SQLite file in WAL mode, which readers and one writer of several processes share; makes it and its folder. */
export async function openSqlite(path: string): Promise<Dialect> {
  await mkdir(dirname(path), { recursive: true });
  const database = new Database(path);
  try {
    database.exec(`pragma busy_timeout = ${BUSY_TIMEOUT_MS}`);
    database.exec('pragma journal_mode = WAL');
    // In WAL mode a crash of the process loses nothing at NORMAL; a power cut may lose the last facts, never the file.
    database.exec('pragma synchronous = NORMAL');
  } catch (error) {
    database.close();
    throw error;
  }
  return new ImmediateSqliteDialect(database);
}

/** Whether another process holds the lock, so that the same call may succeed in a moment. */
export function isBusy(error: unknown): boolean {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === 'string' && (code.startsWith('SQLITE_BUSY') || code.startsWith('SQLITE_LOCKED'));
}

/** Whether the connection was closed under the call, as happens when another call of this process has to open it anew. */
export function isClosed(error: unknown): boolean {
  return error instanceof TypeError && error.message.includes('connection is not open');
}

/** Whether a table is not there, as in a file that was just made. */
export function isAbsent(error: unknown): boolean {
  return error instanceof Error && error.message.includes('no such table');
}
