import type pg from 'pg';
import { TransientError, messageOf } from '../../core/errors.js';
import { describeServer } from '../../postgres/connection-url.js';
import { readerSettings, type ReadAttempt } from './reading.js';

/** How often the connection is looked at: the server, or something on the way, may give up one that says nothing. */
const LOOK_MS = 5_000;

/** A server that does not answer for so long is gone. */
const ANSWER_MS = 30_000;

/** The server ends a snapshot whose process has stopped to look after it. */
const UNATTENDED = '5min';

/**
 * One view of a database, held by a connection of its own, from which other connections read: see {@link adopt}. While it
 * is held, no row version that it sees is vacuumed away, and nobody can rewrite, empty or drop the table.
 */
export interface Snapshot {
  readonly client: pg.Client;
  /** Statements by which another connection's transaction, which has just begun, sees what this one sees. */
  readonly adopt: string;
  /**
   * Proves that the snapshot and its lock have been there all the time.
   * @throws TransientError CONNECTION_LOST
   */
  prove(): Promise<void>;
  /** Looks after the connection from now on. @param onBlocking told when another session waits for the table's lock */
  attend(onBlocking: () => void): void;
  end(): Promise<void>;
}

/**
 * Takes the lock first and the snapshot second: a table that was emptied or rewritten in between would look empty.
 *
 * @param client belongs to the snapshot from now on, unless this fails
 */
export async function takeSnapshot(client: pg.Client, { settings, reading }: ReadAttempt): Promise<Snapshot> {
  await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
  const lock = `LOCK TABLE ${reading.from} IN ACCESS SHARE MODE`;
  await client.query(`${readerSettings(settings)}; SET LOCAL idle_in_transaction_session_timeout = '${UNATTENDED}'; ${lock}`);
  const { rows } = await client.query<{ id: string }>('SELECT pg_export_snapshot() AS id');
  let looking: NodeJS.Timeout | undefined;
  let lost: string | undefined;
  client.on('error', (error) => (lost ??= messageOf(error)));
  client.on('end', () => (lost ??= 'it was closed'));
  const ask = async <T extends pg.QueryResultRow>(text: string): Promise<T | undefined> => {
    try {
      return (await client.query<T>({ text, query_timeout: ANSWER_MS } as pg.QueryConfig)).rows[0];
    } catch (error) {
      lost ??= messageOf(error);
      return undefined;
    }
  };
  return {
    client,
    // Every reader has its lock before the first one reads: later it would wait behind those who wait for this snapshot's end.
    adopt: `SET TRANSACTION SNAPSHOT '${rows[0]?.id}'; ${readerSettings(settings)}; ${lock}`,
    async prove() {
      if (lost === undefined) await ask('SELECT 1');
      if (lost === undefined) return;
      throw new TransientError(
        'CONNECTION_LOST',
        `The connection to ${describeServer(settings.url)} ("${settings.connection}") that held the snapshot of ${reading.label} broke: ${lost}. What was read from it is discarded, and reading starts over.`,
      );
    },
    attend(onBlocking) {
      clearInterval(looking);
      const look = async (): Promise<void> => {
        if (lost === undefined && (await ask<{ blocks: boolean }>(BLOCKS))?.blocks === true) onBlocking();
      };
      looking = setInterval(() => void look(), LOOK_MS).unref();
    },
    async end() {
      clearInterval(looking);
      const gone = lost !== undefined;
      lost ??= 'it has ended';
      // One that does not answer would not hear of its end, either.
      const destroy = (): void => void client.connection.stream.destroy();
      if (gone) return destroy();
      const late = setTimeout(destroy, ANSWER_MS);
      await client.end().catch(() => undefined);
      clearTimeout(late);
    },
  };
}

const BLOCKS = `SELECT EXISTS (
  SELECT FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY (pg_blocking_pids(pid))
) AS blocks`;
