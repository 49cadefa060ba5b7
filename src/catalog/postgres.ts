import {
  PostgresDialect,
  PostgresQueryCompiler,
  type DataTypeNode,
  type Dialect,
  type PostgresPool,
  type QueryCompiler,
} from 'kysely';
import pg from 'pg';
import type { ServerAddress } from '../postgres/connection-url.js';
import { clientOptions, settleEncryption } from '../postgres/connect.js';

const APPLICATION_NAME = 'millrace catalog';
/** Facts are small: what takes longer hangs. */
const QUERY_TIMEOUT_MS = 15_000;
/** Connections of one process; steps at work in it are fewer. */
const MAX_CONNECTIONS = 4;
const IDLE_MS = 30_000;
/** Postgres' number for the type bigint, which `pg` would read as text. The catalog's numbers are JavaScript's own. */
const INT8 = 20;

/** Texts are ordered by their bytes, as in SQLite, whatever the database's collation; a change of it damages no index. */
class BytewiseCompiler extends PostgresQueryCompiler {
  protected override visitDataType(node: DataTypeNode): void {
    super.visitDataType(node);
    if (node.dataType === 'text') this.append(' collate "C"');
  }
}

class CatalogDialect extends PostgresDialect {
  override createQueryCompiler(): QueryCompiler {
    return new BytewiseCompiler();
  }
}

/** Opens a pool of connections. Errors are the driver's own. */
export async function openPostgres(address: ServerAddress): Promise<Dialect> {
  const encryption = await settleEncryption(address, APPLICATION_NAME);
  const pool = new pg.Pool({
    ...clientOptions(address, APPLICATION_NAME, encryption),
    max: MAX_CONNECTIONS,
    idleTimeoutMillis: IDLE_MS,
    allowExitOnIdle: true,
    keepAlive: true,
    query_timeout: QUERY_TIMEOUT_MS,
    types: { getTypeParser: readingNumbers },
  });
  // An idle connection that breaks is replaced; without a listener it would end the process.
  pool.on('error', () => undefined);
  return new CatalogDialect({ pool: guarded(pool) });
}

const readingNumbers = ((type: number, format?: 'text') =>
  type === INT8 ? Number : pg.types.getTypeParser(type, format)) as typeof pg.types.getTypeParser;

/** A connection on which a query failed otherwise than by the server's word is not used again: it may still be waiting. */
function guarded(pool: pg.Pool): PostgresPool {
  const connect = async () => {
    const client = await pool.connect();
    let broken = false;
    // Broken while it is out of the pool, it shows in its next query.
    const ignore = (): void => undefined;
    client.on('error', ignore);
    return {
      async query(text: string, parameters: readonly unknown[]) {
        try {
          return await client.query(text, [...parameters]);
        } catch (error) {
          broken ||= sqlState(error) === undefined;
          throw error;
        }
      },
      release() {
        client.off('error', ignore);
        client.release(broken);
      },
    };
  };
  return { connect: connect as unknown as PostgresPool['connect'], end: () => pool.end() };
}

/** The SQLSTATE of a refusal by the server; absent for what happened on the way. */
export function sqlState(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === 'string' && /^(?=.*\d)[0-9A-Z]{5}$/.test(code) ? code : undefined;
}
