import { quoteLiteral } from '../../core/filter.js';
import type { Session } from '../contract.js';
import type { ServerAddress } from '../../postgres/connection-url.js';
import { CONNECT_TIMEOUT_S } from '../../postgres/connect.js';

/** The name under which a session knows the attached database. */
export const ATTACHED = 'pg';

export interface AttachOptions {
  readonly applicationName: string;
  /**
   * Loads run READ COMMITTED: a load that has waited for another one's lock must see what that one committed. Reads run
   * REPEATABLE READ: one snapshot for all they read.
   */
  readonly isolation: 'READ COMMITTED' | 'REPEATABLE READ';
  readonly readOnly: boolean;
}

/** A server that vanishes without a word is noticed within half a minute; otherwise a ROLLBACK would wait for it for ever. */
const KEEPALIVE = { keepalives_idle: '10', keepalives_interval: '5', keepalives_count: '3', tcp_user_timeout: '30000' };

/** Attaches the database. The password goes through a secret, since DuckDB prints the text given to ATTACH in its errors. */
export async function attach(session: Session, address: ServerAddress, options: AttachOptions): Promise<void> {
  await session.loadExtension('postgres_scanner');
  const secret = {
    HOST: address.host,
    PORT: String(address.port),
    USER: address.user,
    PASSWORD: address.password,
    DATABASE: address.database,
  };
  const fields = Object.entries(secret).filter(([, value]) => value !== '');
  await session.run(
    `CREATE OR REPLACE TEMPORARY SECRET millrace_postgres (TYPE postgres, ${fields.map(([key, value]) => `${key} ${quoteLiteral(value)}`).join(', ')})`,
  );
  const parameters = {
    connect_timeout: String(CONNECT_TIMEOUT_S),
    ...KEEPALIVE,
    ...address.parameters,
    application_name: options.applicationName,
  };
  const text = Object.entries(parameters)
    .map(([key, value]) => `${key}='${value.replaceAll(/['\\]/g, String.raw`\$&`)}'`)
    .join(' ');
  const mode = options.readOnly ? ', READ_ONLY' : '';
  await session.run(
    `ATTACH ${quoteLiteral(text)} AS ${ATTACHED} (TYPE postgres, SECRET millrace_postgres, ISOLATION_LEVEL '${options.isolation}'${mode})`,
  );
}

/** Runs statements in the session's transaction on the server. They may be several; none gives rows. */
export async function execute(session: Session, sql: string): Promise<void> {
  await session.run(`CALL postgres_execute('${ATTACHED}', ${quoteLiteral(sql)})`);
}

/** The rows of a SELECT in the session's transaction on the server. It is planned there as a subquery, so it can only read. */
export async function select<T>(session: Session, sql: string): Promise<T[]> {
  return session.rows<T>(`SELECT * FROM postgres_query('${ATTACHED}', ${quoteLiteral(sql)})`);
}

/**
 * Runs one statement that changes rows and gives their number as the server counts it. The SQLSTATE of a failure is put
 * into the message, because DuckDB keeps only the text and servers may speak other languages.
 */
export async function executeCounted(session: Session, sql: string): Promise<number> {
  await execute(
    session,
    `DO $millrace_do$
DECLARE millrace_count_ bigint;
BEGIN
  ${sql};
  GET DIAGNOSTICS millrace_count_ = ROW_COUNT;
  PERFORM set_config('millrace.row_count', millrace_count_::text, true);
EXCEPTION WHEN OTHERS THEN
  RAISE EXCEPTION USING ERRCODE = SQLSTATE, MESSAGE = 'SQLSTATE ' || SQLSTATE || ': ' || SQLERRM;
END $millrace_do$`,
  );
  const [row] = await select<{ rows: bigint }>(session, `SELECT current_setting('millrace.row_count')::bigint AS rows`);
  return Number(row?.rows);
}
