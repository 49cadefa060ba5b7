import { DuckDBInstance, type DuckDBConnection } from '@duckdb/node-api';
import type { ExtensionName, Session } from '../connectors/contract.js';
import { TerminalError, TransientError, messageOf } from '../core/errors.js';
import { translateEngineError } from './errors.js';
import { loadExtension } from './extensions.js';

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

/** A {@link Session} with the means to end it, and DuckDB's own connection for those who stream rows. */
export interface EngineSession extends Session {
  /** DuckDB's own connection. */
  connect(): Promise<DuckDBConnection>;
  /** Another connection to the same database, for a statement beside the one that runs; interrupted and closed with the session. */
  connectBeside(): Promise<Beside>;
  /** Rows DuckDB has read in the statement that runs; of CSV an estimate, 0 where it cannot tell. */
  rowsProcessed(): number;
  close(): void;
}

/** A connection beside a session's own. */
export interface Beside {
  readonly connection: DuckDBConnection;
  /** Closes it before the session does. */
  close(): void;
}

const INTERRUPT_INTERVAL_MS = 200;

/**
 * Opens a DuckDB of its own for one activity: in memory, UTC, nothing shared with another step, so that neither secrets
 * nor attached databases can leak between steps. When `signal` aborts, the running statement is interrupted.
 *
 * @throws TerminalError CONFIG_INVALID when DuckDB refuses a limit
 */
export async function openSession(limits: EngineLimits, signal: AbortSignal): Promise<EngineSession> {
  const session = sessionOnDemand(limits, signal);
  await session.connect();
  return session;
}

/**
 * A session as {@link openSession} gives, whose DuckDB is opened by the first statement. To make one takes some 15 ms of a
 * processor, which a step that finds its work done has no use for.
 */
export function sessionOnDemand(limits: EngineLimits, signal: AbortSignal): EngineSession {
  const lazy = databaseOnDemand(limits);
  const listeners = new Set<() => void>();
  let interrupting: NodeJS.Timeout | undefined;
  const besides = new Set<DuckDBConnection>();
  const interrupt = (): void => [...lazy.connections(), ...besides].forEach((each) => each.interrupt());
  const abort = (): void => {
    interrupt();
    // An interrupt that arrives between two statements is forgotten by DuckDB, so it is repeated until the session closes.
    interrupting = setInterval(interrupt, INTERRUPT_INTERVAL_MS);
    for (const listener of listeners) listener();
  };
  signal.addEventListener('abort', abort, { once: true });

  async function guarded<T>(work: (connection: DuckDBConnection) => Promise<T>): Promise<T> {
    if (signal.aborted) throw abortError(signal);
    const { connection } = await lazy.open();
    try {
      if (signal.aborted) throw abortError(signal);
      return await work(connection);
    } catch (error) {
      throw signal.aborted ? abortError(signal, error) : translateEngineError(error);
    }
  }

  return {
    connect: async () => (await lazy.open()).connection,
    // A CALL does its work only when its result is read, so every statement is read to its end.
    run: (sql) => guarded(async (connection) => void (await connection.runAndReadAll(sql))),
    rows: <T>(sql: string) => guarded(async (connection) => (await connection.runAndReadAll(sql)).getRowObjectsJS() as T[]),
    rollback: () => lazy.rollback(),
    loadExtension: (name: ExtensionName) =>
      guarded((connection) => loadExtension(connection, name, { directory: limits.extensionsDirectory })),
    onAbort(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    connectBeside: async () => connectBeside((await lazy.open()).instance, besides),
    rowsProcessed: () => Number(lazy.connections()[0]?.progress.rows_processed ?? 0),
    close() {
      signal.removeEventListener('abort', abort);
      clearInterval(interrupting);
      lazy.close(besides);
    },
  };
}

/** A database that is opened when it is first asked for. */
function databaseOnDemand(limits: EngineLimits) {
  let opening: Promise<Database> | undefined;
  let opened: Database | undefined;
  let lost = false;
  let closed = false;
  const open = async (): Promise<Database> => {
    const found = await openDatabase(limits);
    if (!closed) return (opened = found);
    // Nobody else will close it.
    closeDatabase(found, new Set());
    throw new Error('The session was closed before its first statement.');
  };
  return {
    open: () => (opening ??= open()),
    /** The connection, once there is one. */
    connections: () => (opened ? [opened.connection] : []),
    async rollback(): Promise<void> {
      if (opened) lost = !(await rollback(opened.connection));
    },
    close(besides: ReadonlySet<DuckDBConnection>): void {
      closed = true;
      if (opened) (lost ? abandon : closeDatabase)(opened, besides);
    },
  };
}

/** A DuckDB in memory, and the session's connection to it. */
interface Database {
  readonly instance: DuckDBInstance;
  readonly connection: DuckDBConnection;
}

async function openDatabase(limits: EngineLimits): Promise<Database> {
  const instance = await createInstance(limits);
  const connection = await instance.connect();
  // Without the second setting DuckDB counts nothing; without the third it draws on the worker's terminal.
  await connection.run("SET TimeZone = 'UTC'; SET enable_progress_bar = true; SET enable_progress_bar_print = false");
  return { instance, connection };
}

function closeDatabase({ instance, connection }: Database, besides: ReadonlySet<DuckDBConnection>): void {
  for (const each of [...besides, connection]) each.closeSync();
  instance.closeSync();
}

async function connectBeside(instance: DuckDBInstance, besides: Set<DuckDBConnection>): Promise<Beside> {
  const connection = await instance.connect();
  besides.add(connection);
  await connection.run("SET TimeZone = 'UTC'");
  return {
    connection,
    close() {
      if (besides.delete(connection)) connection.closeSync();
    },
  };
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
function abandon(database: Database): void {
  if (abandoned.length === 0) process.once('exit', (code) => process.exit(code));
  abandoned.push(database);
}

async function createInstance(limits: EngineLimits): Promise<DuckDBInstance> {
  try {
    return await DuckDBInstance.create(':memory:', {
      memory_limit: limits.memoryLimit,
      threads: String(limits.threads),
      temp_directory: limits.spillDirectory,
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

/** Why a signal was aborted, as an error: a person's cancellation is terminal, anything else is tried again. */
export function abortError(signal: AbortSignal, cause?: unknown): Error {
  const reason: unknown = signal.reason;
  if (reason instanceof TerminalError || reason instanceof TransientError) return reason;
  return new TerminalError('CANCELLED', 'The step was cancelled.', {}, { cause: cause ?? reason });
}
