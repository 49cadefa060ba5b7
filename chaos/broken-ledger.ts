import pg from 'pg';
import { ensureLedger } from '../src/connectors/postgres/ledger.js';
import type { Stage } from './stage.js';

/** Makes a ledger that forgets: each row goes again in the very transaction that wrote it. */
export async function breakLedger({ postgres }: Stage): Promise<void> {
  const client = new pg.Client({ connectionString: postgres.url() });
  await client.connect();
  try {
    await ensureLedger(client, '_millrace');
    await client.query(`
      CREATE FUNCTION public.forget() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        DELETE FROM _millrace.ledger WHERE id = NEW.id;
        RETURN NULL;
      END $$;
      CREATE CONSTRAINT TRIGGER forget AFTER INSERT ON _millrace.ledger DEFERRABLE INITIALLY DEFERRED
        FOR EACH ROW EXECUTE FUNCTION public.forget()`);
  } finally {
    await client.end();
  }
}
