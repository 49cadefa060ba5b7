import type { DuckDBConnection } from '@duckdb/node-api';
import type { ExtensionName, Session, SideSession } from '../connectors/contract.js';
import { TerminalError, TransientError } from '../core/errors.js';
import { translateEngineError } from './errors.js';
import { loadExtension } from './extensions.js';
import { databaseOnDemand, type EngineLimits, type LazyDatabase } from './lazy-database.js';
import { openScratch } from './scratch.js';

export type { EngineLimits } from './lazy-database.js';

/** A {@link Session} with the means to end it, and DuckDB's own connection for those who stream rows. */
export interface EngineSession extends Session {
  /** DuckDB's own connection. */
  connect(): Promise<DuckDBConnection>;
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
  const session = sessionOnDemand(limits, signal);
  await session.connect();
  return session;
}

/**
 * A session as {@link openSession} gives, whose DuckDB is opened by the first statement. To make one takes some 15 ms of a
 * processor, which a step that finds its work done has no use for.
 */
export function sessionOnDemand(limits: EngineLimits, signal: AbortSignal): EngineSession {
  const database = databaseOnDemand(limits);
  const scratch = openScratch(limits.spillDirectory);
  const interruption = interruptOnAbort(signal, database);

  async function guarded<T>(connect: () => Promise<DuckDBConnection>, work: (to: DuckDBConnection) => Promise<T>): Promise<T> {
    if (signal.aborted) throw abortError(signal);
    const connection = await connect();
    try {
      if (signal.aborted) throw abortError(signal);
      return await work(connection);
    } catch (error) {
      throw signal.aborted ? abortError(signal, error) : translateEngineError(error);
    }
  }

  // A CALL does its work only when its result is read, so every statement is read to its end.
  const speak = (connect: () => Promise<DuckDBConnection>): Pick<Session, 'run' | 'rows'> => ({
    run: (sql) => guarded(connect, async (to) => void (await to.runAndReadAll(sql))),
    rows: <T>(sql: string) => guarded(connect, async (to) => (await to.runAndReadAll(sql)).getRowObjectsJS() as T[]),
  });
  const connect = async (): Promise<DuckDBConnection> => (await database.open()).connection;

  return {
    connect,
    ...speak(connect),
    rollback: () => database.rollback(database.connections()[0]),
    loadExtension: (name: ExtensionName) =>
      guarded(connect, (to) => loadExtension(to, name, { directory: limits.extensionsDirectory })),
    scratch: () => scratch.folder(),
    onAbort: interruption.listen,
    async connectBeside() {
      const connection = await database.connectBeside();
      return {
        connection,
        ...speak(() => Promise.resolve(connection)),
        rollback: () => database.rollback(connection),
        close: () => database.leave(connection),
      };
    },
    rowsProcessed: () => Number(database.connections()[0]?.progress.rows_processed ?? 0),
    close() {
      interruption.stop();
      scratch.remove();
      database.close();
    },
  };
}

/** Interrupts what runs in the database when `signal` aborts, and tells those who listen. */
function interruptOnAbort(signal: AbortSignal, database: LazyDatabase) {
  const listeners = new Set<() => void>();
  let interrupting: NodeJS.Timeout | undefined;
  const interrupt = (): void => database.connections().forEach((each) => each.interrupt());
  const abort = (): void => {
    interrupt();
    // An interrupt that arrives between two statements is forgotten by DuckDB, so it is repeated until the session closes.
    interrupting = setInterval(interrupt, INTERRUPT_INTERVAL_MS);
    for (const listener of listeners) listener();
  };
  signal.addEventListener('abort', abort, { once: true });
  return {
    listen: (listener: () => void): (() => void) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    stop: (): void => {
      signal.removeEventListener('abort', abort);
      clearInterval(interrupting);
    },
  };
}

/** Why a signal was aborted, as an error: a person's cancellation is terminal, anything else is tried again. */
export function abortError(signal: AbortSignal, cause?: unknown): Error {
  const reason: unknown = signal.reason;
  if (reason instanceof TerminalError || reason instanceof TransientError) return reason;
  return new TerminalError('CANCELLED', 'The step was cancelled.', {}, { cause: cause ?? reason });
}
