import path from 'node:path';
import pg from 'pg';
import type { Environment } from '../config/environment.js';
import { choosePort } from './free-port.js';
import { startPostgresServer } from './postgres-server.js';
import type { ServerProcess } from './server-process.js';

/** Beside PostgreSQL's usual port, so that nobody takes this server for the system's. */
const PORT = 54320;

/** What `dev.postgres` was given. */
export interface DevPostgres {
  readonly databases: readonly { readonly variable: string; readonly url: string }[];
  /** Its process, where a server was started. */
  readonly process: ServerProcess | null;
  stop(): Promise<void>;
}

export interface DevPostgresOptions {
  readonly variables: readonly string[];
  /** Where a variable that is set already is found. */
  readonly environment: Environment;
  readonly folder: string;
  readonly notice: (line: string) => void;
  /** The port that was asked for. @default 54320, or the next free one */
  readonly port?: number;
}

/**
 * Sets each environment variable to the address of a database on a PostgreSQL of our own, whose data stays in the dev
 * folder. A variable that is set already keeps its value.
 *
 * @throws TerminalError TOOL_MISSING, PORT_BUSY
 */
export async function providePostgres(options: DevPostgresOptions): Promise<DevPostgres> {
  const { notice } = options;
  const isSet = (variable: string): boolean => Boolean(options.environment(variable));
  for (const variable of options.variables.filter(isSet)) notice(`${variable}: keeps the value it is set to`);
  const variables = options.variables.filter((variable) => !isSet(variable));
  if (variables.length === 0) return { databases: [], process: null, stop: async () => undefined };
  const choice = {
    purpose: 'PostgreSQL',
    wanted: options.port ?? PORT,
    explicit: options.port !== undefined,
    option: '--postgres-port',
  };
  const port = await choosePort(choice, notice);
  const server = await startPostgresServer({ dataFolder: path.join(options.folder, 'postgres'), port });
  const databases = variables.map((variable) => ({ variable, name: databaseName(variable) }));
  try {
    await createDatabases(
      server.url('postgres'),
      databases.map(({ name }) => name),
    );
  } catch (error) {
    await server.stop();
    throw error;
  }
  for (const { variable, name } of databases) process.env[variable] = server.url(name);
  notice(`PostgreSQL: started on 127.0.0.1:${port} for ${variables.join(', ')}`);
  return {
    databases: databases.map(({ variable, name }) => ({ variable, url: server.url(name) })),
    process: server.process,
    stop: () => server.stop(),
  };
}

/** `WAREHOUSE_URL` → `warehouse`. */
function databaseName(variable: string): string {
  return variable.toLowerCase().replace(/_?(database)?_?url$/, '') || 'millrace';
}

async function createDatabases(url: string, names: readonly string[]): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    for (const name of new Set(names)) {
      const { rowCount } = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [name]);
      if (!rowCount) await client.query(`CREATE DATABASE ${client.escapeIdentifier(name)}`);
    }
  } finally {
    await client.end();
  }
}
