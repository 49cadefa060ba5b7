import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ConnectionOptions } from 'node:tls';
import pg from 'pg';
import type { Session } from '../contract.js';
import type { ServerAddress } from './connection-url.js';

/** How long a connection may take to open, in seconds, unless the URL says otherwise. */
export const CONNECT_TIMEOUT_S = 8;

/**
 * A connection beside DuckDB's, for what must not run inside its transaction: the ledger's creation, looking at a source's
 * columns, ending a session that waits for a lock. The caller ends it. Errors are the driver's own.
 */
export async function connectSide(address: ServerAddress, applicationName: string): Promise<pg.Client> {
  const mode = address.parameters['sslmode'] ?? 'prefer';
  try {
    return await open(address, applicationName, tlsOptions(address, mode));
  } catch (error) {
    // libpq's `prefer`: encrypted if the server can, plain if not; `allow` is treated alike.
    const plainToo = mode === 'prefer' || mode === 'allow';
    if (plainToo && error instanceof Error && /does not support SSL/i.test(error.message))
      return open(address, applicationName, false);
    throw error;
  }
}

async function open(address: ServerAddress, applicationName: string, ssl: false | ConnectionOptions): Promise<pg.Client> {
  const client = new pg.Client({
    host: address.host,
    port: address.port,
    user: address.user,
    password: address.password,
    database: address.database,
    application_name: applicationName,
    connectionTimeoutMillis: Number(address.parameters['connect_timeout'] ?? CONNECT_TIMEOUT_S) * 1000,
    ...(address.parameters['options'] === undefined ? {} : { options: address.parameters['options'] }),
    ssl,
  });
  // A connection that breaks while idle shows in its next query; without a listener it would end the process.
  client.on('error', () => undefined);
  try {
    await client.connect();
    return client;
  } catch (error) {
    void client.end().catch(() => undefined);
    throw error;
  }
}

/** libpq's meaning of sslmode: `require` encrypts, `verify-ca` checks the issuer, `verify-full` the name as well. */
function tlsOptions(address: ServerAddress, mode: string): false | ConnectionOptions {
  const isSocket = address.host.startsWith('/');
  if (mode === 'disable' || isSocket) return false;
  const { sslrootcert, sslcert, sslkey } = address.parameters;
  const verify = mode === 'verify-ca' || mode === 'verify-full' || (mode === 'require' && sslrootcert !== undefined);
  return {
    rejectUnauthorized: verify,
    ...(sslrootcert === undefined || sslrootcert === 'system' ? {} : { ca: readFileSync(sslrootcert) }),
    ...(sslcert === undefined ? {} : { cert: readFileSync(sslcert) }),
    ...(sslkey === undefined ? {} : { key: readFileSync(sslkey) }),
    ...(mode === 'verify-full' ? {} : { checkServerIdentity: () => undefined }),
  };
}

/** How often sessions are told to stop: one may be between two statements, or not connected yet. */
const CANCEL_INTERVAL_MS = 200;

/**
 * Once the activity is aborted, cancels whatever the sessions of that application name do, however deep it waits, again and
 * again until told to stop. It has a connection of its own, since the side connection may be waiting too. Their connections
 * stay: DuckDB still has to roll back on one of them.
 *
 * @returns the function that stops listening and cancelling
 */
export function cancelOnAbort(session: Session, address: ServerAddress, applicationName: string): () => void {
  const stopped = new AbortController();
  let cancelling = false;
  const stopListening = session.onAbort(() => {
    if (cancelling) return;
    cancelling = true;
    void keepCancelling(address, applicationName, stopped.signal).catch(() => undefined);
  });
  return () => {
    stopListening();
    stopped.abort();
  };
}

// Where the server is out of reach this fails, and the sessions notice the same trouble.
async function keepCancelling(address: ServerAddress, applicationName: string, stopped: AbortSignal): Promise<void> {
  const client = await connectSide(address, 'millrace cancel');
  try {
    while (!stopped.aborted) {
      await client.query(
        "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE application_name = $1 AND usename = current_user AND state = 'active'",
        [applicationName],
      );
      await sleep(CANCEL_INTERVAL_MS, undefined, { signal: stopped });
    }
  } finally {
    await client.end();
  }
}
