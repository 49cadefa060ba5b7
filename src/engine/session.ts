import { DuckDBInstance, type DuckDBConnection } from '@duckdb/node-api';
import type { ExtensionName, Session, SideSession } from '../connectors/contract.js';
import { TerminalError, TransientError, messageOf } from '../core/errors.js';
import { translateEngineError } from './errors.js';
import { loadExtension } from './extensions.js';
import { openScratch } from './scratch.js';

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
  readonly connection: DuckDBConnection;
  connectBeside(): Promise<Beside>;
  /** Rows DuckDB has read in the statement that runs; of CSV an estimate, 0 where it cannot tell. */
  rowsProcessed(): number;
  close(): void;
}

/** A connection beside a session's own. */
export interface Beside extends SideSession {
  readonly connection: DuckDBConnection;
}

const INTERRUPT_INTERVAL_MS = 200;

/**
 * Opens a DuckDB of its own for one activity: in memory, UTC, nothing shared with another step, so that neither secrets
 * nor attached databases can leak between steps. When `signal` aborts, the running statement is interrupted.
 *
 * @throws TerminalError CONFIG_INVALID when DuckDB refuses a limit
 */
export async function openSession(limits: EngineLimits, signal: AbortSignal): Promise<EngineSession> {
  const instance = await createInstance(limits);
  const connection = await instance.connect();
  const listeners = new Set<() => void>();
  let interrupting: NodeJS.Timeout | undefined;
  let lost = false;
  const besides = new Set<DuckDBConnection>();
  const scratch = openScratch(limits.spillDirectory);
  const interrupt = (): void => [connection, ...besides].forEach((each) => each.interrupt());
  const abort = (): void => {
    interrupt();
    // An interrupt that arrives between two statements is forgotten by DuckDB, so it is repeated until the session closes.
    interrupting = setInterval(interrupt, INTERRUPT_INTERVAL_MS);
    for (const listener of listeners) listener();
  };
  signal.addEventListener('abort', abort, { once: true });

  async function guarded<T>(work: () => Promise<T>): Promise<T> {
    if (signal.aborted) throw abortError(signal);
    try {
      return await work();
    } catch (error) {
      throw signal.aborted ? abortError(signal, error) : translateEngineError(error);
    }
  }

  // A CALL does its work only when its result is read, so every statement is read to its end.
  const speak = (to: DuckDBConnection): Pick<Session, 'run' | 'rows' | 'rollback'> => ({
    run: (sql) => guarded(async () => void (await to.runAndReadAll(sql))),
    rows: <T>(sql: string) => guarded(async () => (await to.runAndReadAll(sql)).getRowObjectsJS() as T[]),
    async rollback() {
      if (!(await rollback(to))) lost = true;
    },
  });

  // Without the first setting DuckDB counts nothing; without the second it draws on the worker's terminal.
  await connection.run("SET TimeZone = 'UTC'; SET enable_progress_bar = true; SET enable_progress_bar_print = false");
  return {
    connection,
    ...speak(connection),
    loadExtension: (name: ExtensionName) =>
      guarded(() => loadExtension(connection, name, { directory: limits.extensionsDirectory })),
    scratch: () => scratch.folder(),
    onAbort(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    async connectBeside() {
      const beside = await connectBeside(instance, besides);
      return { ...beside, ...speak(beside.connection) };
    },
    rowsProcessed: () => Number(connection.progress.rows_processed),
    close() {
      signal.removeEventListener('abort', abort);
      clearInterval(interrupting);
      scratch.remove();
      if (lost) return abandon(instance, connection);
      for (const each of [...besides, connection]) each.closeSync();
      instance.closeSync();
    },
  };
}

async function connectBeside(
  instance: DuckDBInstance,
  besides: Set<DuckDBConnection>,
): Promise<Pick<Beside, 'connection' | 'close'>> {
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
function abandon(instance: DuckDBInstance, connection: DuckDBConnection): void {
  if (abandoned.length === 0) process.once('exit', (code) => process.exit(code));
  abandoned.push(instance, connection);
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
