import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { CompiledQuery, SqliteDialect, SqliteDriver, type DatabaseConnection, type Dialect, type SqliteDatabase } from 'kysely';
import Database from 'libsql';

/** libsql's calls are synchronous: a wait for a lock blocks the event loop, and with it heartbeats, for this long at most. */
const BUSY_TIMEOUT_MS = 100;

/**
 * A driver whose transactions take the write lock when they begin. SQLite's own default takes it at the first write, and
 * then refuses, without waiting, when another process has written since the transaction's first read.
 */
class ImmediateSqliteDriver extends SqliteDriver {
  override async beginTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw('begin immediate'));
  }
}

class ImmediateSqliteDialect extends SqliteDialect {
  constructor(private readonly open: () => Promise<SqliteDatabase>) {
    super({ database: open });
  }

  override createDriver(): SqliteDriver {
    return new ImmediateSqliteDriver({ database: this.open });
  }
}

/** The dialect for a SQLite file in WAL mode, which readers and one writer of several processes share. */
export function sqliteDialect(path: string): Dialect {
  return new ImmediateSqliteDialect(async () => {
    await mkdir(dirname(path), { recursive: true });
    const database = new Database(path);
    try {
      database.pragma(`busy_timeout = ${BUSY_TIMEOUT_MS}`);
      database.pragma('journal_mode = WAL');
      // In WAL mode a crash of the process loses nothing at NORMAL; a power cut may lose the last facts, never the file.
      database.pragma('synchronous = NORMAL');
    } catch (error) {
      database.close();
      throw error;
    }
    return database;
  });
}

/** Whether another process holds the lock, so that the same call may succeed in a moment. */
export function isBusy(error: unknown): boolean {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === 'string' && (code.startsWith('SQLITE_BUSY') || code.startsWith('SQLITE_LOCKED'));
}
