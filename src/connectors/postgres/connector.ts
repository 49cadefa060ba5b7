import type { OpenConnector } from '../contract.js';
import { parseOptions } from '../parse-options.js';
import { describeServer, secretsOf } from '../../postgres/connection-url.js';
import { postgresDestination } from './destination.js';
import { translatePostgresError } from './errors.js';
import { postgresOptions } from './options.js';
import { connectPostgres } from '../../postgres/connect.js';
import { databaseIdentity, provideSchemas } from './database.js';
import { postgresSource } from './source.js';
import { readTableRules } from './table-rules.js';
import { formatTableName, listTables } from './tables.js';

/** A PostgreSQL database as a connection. */
export const openPostgres: OpenConnector = (connection, options) => {
  const settings = { ...parseOptions(postgresOptions, 'postgres', connection, options), connection };
  return {
    kind: 'postgres',
    extensions: ['postgres_scanner'],
    secrets: secretsOf(settings.url),
    source: {
      ...postgresSource(settings),
      tables: () => listTables(settings),
      tableRules: (table, sample) => readTableRules(settings, table, sample),
    },
    destination: {
      ...postgresDestination(settings),
      targetFor: formatTableName,
      provideSchemas: (schemas) => provideSchemas(settings, schemas),
    },
    identity: () => databaseIdentity(settings),
    async check() {
      try {
        const side = await connectPostgres(settings.url, 'millrace check');
        try {
          const { rows } = await side.query<{ version: string; user: string }>(
            "SELECT current_setting('server_version') AS version, current_user AS user",
          );
          return `PostgreSQL ${rows[0]?.version} at ${describeServer(settings.url)} as ${rows[0]?.user}`;
        } finally {
          await side.end();
        }
      } catch (error) {
        throw translatePostgresError(error, settings, 'the server');
      }
    },
    close: () => Promise.resolve(),
  };
};
