import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { messageOf } from '../src/core/errors.js';

interface Server {
  url(): string;
}

/** How long the server may be away before whoever asks gives up. */
const PATIENCE_MS = 60_000;

/** One session of the harness. It is opened again when the server was killed. */
export class Database {
  private client: pg.Client | undefined;

  constructor(private readonly server: Server) {}

  /** Runs one or more statements. What was lost with the connection is not repeated: the caller may have written. */
  async query<R extends pg.QueryResultRow = pg.QueryResultRow>(sql: string, values?: readonly unknown[]): Promise<R[]> {
    const client = await this.connected();
    try {
      return (await client.query<R>(sql, values === undefined ? undefined : [...values])).rows;
    } catch (error) {
      if (!isAnswer(error)) this.forget(client);
      throw error;
    }
  }

  /** Runs one statement that only reads, again and again until it has been answered. */
  async read<R extends pg.QueryResultRow = pg.QueryResultRow>(sql: string, values?: readonly unknown[]): Promise<R[]> {
    for (let left = 5; ; left -= 1) {
      try {
        return await this.query<R>(sql, values);
      } catch (error) {
        if (left === 0 || isAnswer(error)) throw error;
      }
    }
  }

  async close(): Promise<void> {
    await this.client?.end().catch(() => undefined);
    this.client = undefined;
  }

  private async connected(): Promise<pg.Client> {
    for (const end = Date.now() + PATIENCE_MS; this.client === undefined;) {
      const client = new pg.Client({
        connectionString: this.server.url(),
        application_name: 'chaos',
        connectionTimeoutMillis: 2_000,
      });
      client.on('error', () => this.forget(client)).on('end', () => this.forget(client));
      try {
        await client.connect();
        // The user's search path leads into the ledger's schema as soon as that is there.
        await client.query("SET search_path = shop; SET TimeZone = 'UTC'");
        this.client = client;
      } catch (error) {
        if (Date.now() > end) throw new Error(`The database is away: ${messageOf(error)}`, { cause: error });
        await sleep(50);
      }
    }
    return this.client;
  }

  private forget(client: pg.Client): void {
    if (this.client === client) this.client = undefined;
  }
}

/** Whether the server has refused a statement; everything else is a connection that broke, perhaps after a commit. */
export function isAnswer(error: unknown): boolean {
  return error instanceof pg.DatabaseError && error.severity === 'ERROR' && !error.code?.startsWith('57P');
}
