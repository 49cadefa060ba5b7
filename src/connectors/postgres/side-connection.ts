import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import type { ServerAddress } from '../../postgres/connection-url.js';
import { connectPostgres } from '../../postgres/connect.js';
import type { Session } from '../contract.js';

/** How often sessions are told to stop: one may be between two statements, or not connected yet. */
const CANCEL_INTERVAL_MS = 200;

/**
 * Once the activity is aborted, cancels whatever the sessions of that application name do, however deep it waits, again and
 * again until told to stop. It has a connection of its own, since the side connection may be waiting too. Their connections
 * stay: DuckDB still has to roll back on one of them.
 *
 * @param idle a connection that is open and at rest, if there is one: when statements hold every thread of Node's pool, no
 * other could be opened
 * @returns the function that stops listening and cancelling
 */
export function cancelOnAbort(
  session: Session,
  address: ServerAddress,
  applicationName: string,
  idle?: () => pg.Client | undefined,
): () => void {
  const stopped = new AbortController();
  let cancelling = false;
  const stopListening = session.onAbort(() => {
    if (cancelling) return;
    cancelling = true;
    void keepCancelling(address, applicationName, stopped.signal, idle?.()).catch(() => undefined);
  });
  return () => {
    stopListening();
    stopped.abort();
  };
}

// Where the server is out of reach this fails, and the sessions notice the same trouble.
async function keepCancelling(
  address: ServerAddress,
  applicationName: string,
  stopped: AbortSignal,
  idle: pg.Client | undefined,
): Promise<void> {
  const cancel = (client: pg.Client): Promise<unknown> => client.query(CANCEL, [applicationName]);
  const isOpen =
    idle !== undefined &&
    (await cancel(idle).then(
      () => true,
      () => false,
    ));
  const client = isOpen ? idle : await connectPostgres(address, 'millrace cancel');
  try {
    while (!stopped.aborted) {
      await cancel(client);
      await sleep(CANCEL_INTERVAL_MS, undefined, { signal: stopped });
    }
  } finally {
    if (!isOpen) await client.end();
  }
}

// Within a transaction, the view would go on showing what it has shown once.
const CANCEL = `SELECT pg_cancel_backend(pid) FROM pg_stat_activity, pg_stat_clear_snapshot()
  WHERE application_name = $1 AND usename = current_user AND state = 'active' AND pid <> pg_backend_pid()`;
