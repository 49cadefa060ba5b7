import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { DuckDBInstance, type DuckDBConnection } from '@duckdb/node-api';
import { TerminalError, messageOf } from '../core/errors.js';
import { scratchFolder } from './scratch.js';

/** What one step may use of the machine. Inside, nothing is optional: see `resolveProject`. */
export interface EngineLimits {
  /** DuckDB's memory, in its own words: `1GB`. */
  readonly memoryLimit: string;
  readonly threads: number;
  /** Absolute folder for what does not fit in memory. */
  readonly spillDirectory: string;
  /** Absolute folder with DuckDB's extensions, if the operator keeps one. */
  readonly extensionsDirectory?: string;
}

/** A DuckDB in memory, and the session's connection to it. */
interface Database {
  readonly instance: DuckDBInstance;
  readonly connection: DuckDBConnection;
}

/** A database that is opened when it is first asked for. */
export interface LazyDatabase {
  /** @throws TerminalError CONFIG_INVALID when DuckDB refuses a limit */
  open(): Promise<Database>;
  /** Another connection to the same database. */
  connectBeside(): Promise<DuckDBConnection>;
  /** Takes such a connection away again. */
  leave(connection: DuckDBConnection): void;
  /** All connections there are by now, the session's own first. */
  connections(): DuckDBConnection[];
  /** Rolls back what is open on a connection. Never throws. */
  rollback(connection: DuckDBConnection | undefined): Promise<void>;
  close(): void;
}

export function databaseOnDemand(limits: EngineLimits): LazyDatabase {
  let opening: Promise<Database> | undefined;
  let opened: Database | undefined;
  let lost = false;
  let closed = false;
  const besides = new Set<DuckDBConnection>();
  const start = async (): Promise<Database> => {
    const found = await openDatabase(limits);
    if (!closed) return (opened = found);
    // Nobody else will close it.
    closeDatabase(found, besides);
    throw new Error('The session was closed before its first statement.');
  };
  const open = (): Promise<Database> => (opening ??= start());
  return {
    open,
    async connectBeside() {
      const connection = await (await open()).instance.connect();
      besides.add(connection);
      await connection.run("SET TimeZone = 'UTC'");
      return connection;
    },
    leave(connection) {
      if (besides.delete(connection)) connection.closeSync();
    },
    connections: () => (opened ? [opened.connection, ...besides] : []),
    async rollback(connection) {
      if (connection && !(await rollback(connection))) lost = true;
    },
    close() {
      closed = true;
      if (opened) (lost ? abandon : closeDatabase)(opened, besides);
    },
  };
}

async function openDatabase(limits: EngineLimits): Promise<Database> {
  const instance = await createInstance(limits);
  const connection = await instance.connect();
  // Without the second setting DuckDB counts nothing; without the third it draws on the worker's terminal.
  await connection.run("SET TimeZone = 'UTC'; SET enable_progress_bar = true; SET enable_progress_bar_print = false");
  return { instance, connection };
}

async function createInstance(limits: EngineLimits): Promise<DuckDBInstance> {
  const spill = await spillFolder(limits.spillDirectory);
  try {
    return await DuckDBInstance.create(':memory:', {
      memory_limit: limits.memoryLimit,
      threads: String(limits.threads),
      temp_directory: spill,
      // loadExtension checks signatures, once a process instead of once a session.
      allow_unsigned_extensions: 'true',
    });
  } catch (error) {
    throw new TerminalError(
      'CONFIG_INVALID',
      `DuckDB refuses the engine's limits (memoryLimit ${limits.memoryLimit}, threads ${limits.threads}): ${String(error)}`,
    );
  }
}

/**
 * A folder of its own: databases that share one write into the same files, read each other's rows, or crash. DuckDB makes it with
 * the first value that it spills, and removes it when it is closed.
 */
async function spillFolder(spillDirectory: string): Promise<string> {
  if (spillDirectory === '') return '';
  const folder = scratchFolder(spillDirectory, 'spill');
  // What is wrong here, DuckDB tells when it needs the folder, which most databases never do.
  await mkdir(path.dirname(folder), { recursive: true }).catch(() => undefined);
  return folder;
}

function closeDatabase({ instance, connection }: Database, besides: ReadonlySet<DuckDBConnection>): void {
  for (const each of [...besides, connection]) each.closeSync();
  instance.closeSync();
}

/**
 * Whether the transaction is gone. An interrupt may meet the ROLLBACK itself, so it is tried again. It fails for good where
 * DuckDB has given up the whole database, as it does when an attached server goes away in the middle of a COPY.
 */
async function rollback(connection: DuckDBConnection): Promise<boolean> {
  for (;;) {
    try {
      await connection.run('ROLLBACK');
      return true;
    } catch (error) {
      const message = messageOf(error);
      if (!message.startsWith('INTERRUPT')) return !/database has been invalidated/.test(message);
    }
  }
}

/** Kept from the garbage collector, see {@link abandon}. */
const abandoned: unknown[] = [];

/**
 * Leaves a database open for good. Closing one that was given up with a transaction open would make DuckDB roll back on the
 * lost connection inside a destructor, which ends the process. The same holds when the process ends by itself: leaving by
 * `exit` skips the destructors.
 */
function abandon(database: Database, besides: ReadonlySet<DuckDBConnection>): void {
  if (abandoned.length === 0) process.once('exit', (code) => process.exit(code));
  abandoned.push(database, [...besides]);
}
