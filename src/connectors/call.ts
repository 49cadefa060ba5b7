/** The DuckDB session a connector works in: its own, private to one activity, in UTC, with the configured limits. */
export interface Session {
  /** Executes one statement to its end; rejects with CANCELLED or INTERRUPTED when the activity is aborted. */
  run(sql: string): Promise<void>;
  /** Executes one statement and gives its rows as plain objects of JavaScript values (BIGINT as bigint). */
  rows<T = Record<string, unknown>>(sql: string): Promise<T[]>;
  /**
   * Rolls back the transaction that is open, if one is, even after an abort. Never throws. Whoever has begun one must call
   * it before the session closes: DuckDB ends the process when it closes one whose attached database has gone away.
   */
  rollback(): Promise<void>;
  /** Installs (if needed) and loads one of DuckDB's extensions. @throws TerminalError EXTENSION_MISSING */
  loadExtension(name: ExtensionName): Promise<void>;
  /**
   * Called, besides DuckDB's own interruption, when the activity is aborted: for what `interrupt()` cannot reach, such as
   * a query that waits for a lock in another server. Returns the function that takes the listener away.
   */
  onAbort(listener: () => void): () => void;
  /** A folder of this session's own on this machine, beside DuckDB's spill; it goes when the session closes. */
  scratch(): Promise<string>;
  /** Another connection to the same database, for statements beside those that run; interrupted and closed with the session. */
  connectBeside(): Promise<SideSession>;
}

/** A connection beside a session's own. */
export interface SideSession extends Pick<Session, 'run' | 'rows' | 'rollback'> {
  /** Closes it before the session does. */
  close(): void;
}

export type ExtensionName = 'postgres_scanner' | 'httpfs' | 'sqlite_scanner';

/** What every call of a connector gets. */
export interface CallContext {
  readonly session: Session;
  readonly signal: AbortSignal;
  /** Rows handled so far; shown to people while the step runs. */
  readonly progress: (rows: number) => void;
  /** A named point at which a test may stop the process. Does nothing in production. */
  readonly checkpoint: Checkpoint;
}

export type Checkpoint = (name: CheckpointName) => Promise<void>;
export type CheckpointName =
  'extract.reading' | 'extract.range' | 'staging.before-rename' | 'load.copied' | 'load.before-commit' | 'load.committed';
