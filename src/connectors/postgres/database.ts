import { quoteIdentifier } from '../../core/filter.js';
import { connectPostgres } from '../../postgres/connect.js';
import { translatePostgresError } from './errors.js';
import type { ResolvedPostgres } from './options.js';

/**
 * Tells one database of one running server from all others, by whatever name it is reached. A copy of a server, or its
 * standby, is another one.
 */
export async function databaseIdentity(settings: ResolvedPostgres): Promise<string> {
  const sql = `SELECT concat_ws(' ', extract(epoch FROM pg_postmaster_start_time()), oid) AS identity FROM pg_database WHERE datname = current_database()`;
  const client = await open(settings);
  try {
    const { rows } = await client.query<{ identity: string }>(sql);
    return `postgres ${rows[0]?.identity}`;
  } catch (error) {
    throw translatePostgresError(error, settings, 'the server');
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** Makes the schemas that are missing. @throws TerminalError PERMISSION_DENIED */
export async function provideSchemas(settings: ResolvedPostgres, schemas: readonly string[]): Promise<void> {
  const client = await open(settings);
  try {
    for (const schema of schemas) {
      // Who may not create schemas may still use one that is there.
      const found = await client.query('SELECT 1 FROM pg_namespace WHERE nspname = $1', [schema]);
      if (found.rows.length > 0) continue;
      await client.query(`CREATE SCHEMA IF NOT EXISTS ${quoteIdentifier(schema)}`).catch((error: unknown) => {
        // Of two that make it at the same moment, one is told so.
        if ((error as { code?: unknown }).code !== '23505') {
          throw translatePostgresError(error, settings, `the schema ${quoteIdentifier(schema)}, which is missing,`);
        }
      });
    }
  } catch (error) {
    throw translatePostgresError(error, settings, 'the server');
  } finally {
    await client.end().catch(() => undefined);
  }
}

async function open(settings: ResolvedPostgres) {
  return connectPostgres(settings.url, 'millrace discover').catch((error: unknown) => {
    throw translatePostgresError(error, settings, 'the server');
  });
}
