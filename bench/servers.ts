import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import path from 'node:path';
import pg from 'pg';
import { freePort } from '../src/dev/free-port.js';
import { startPostgresServer } from '../src/dev/postgres-server.js';
import { obtainTemporal } from '../src/dev/temporal-binary.js';
import { startTemporalServer } from '../src/dev/temporal-server.js';
import { connectTemporal, type TemporalClient } from '../src/temporal/connect.js';

/** What a benchmark works with: its own servers and a folder on disk. All of it goes with `stop`, or with this process. */
export interface Servers {
  readonly scratch: string;
  readonly temporal: TemporalClient;
  /** Where the Temporal server tells what it was asked for. */
  readonly metricsUrl: string;
  readonly postgresUrl: string;
  /** The address of one of the server's databases, password included. */
  readonly urlOf: (database: string) => string;
  /** The servers' processes. */
  readonly pids: { readonly temporal: number; readonly postgres: number };
  /** A session of the benchmark's own. */
  readonly postgres: pg.Client;
  stop(): Promise<void>;
}

/**
 * Starts a fresh PostgreSQL with its default settings (fsync on) and a fresh Temporal server with Millrace's settings.
 *
 * @throws TerminalError TOOL_MISSING
 */
export async function startServers(notice: (line: string) => void): Promise<Servers> {
  // Not the temporary folder, which may be in memory; not the home folder, where PostgreSQL's user may not go.
  const scratch = mkdtempSync('/var/tmp/millrace-bench-');
  chmodSync(scratch, 0o755);
  const cleanUp = (): void => rmSync(scratch, { recursive: true, force: true, maxRetries: 5 });
  process.once('exit', cleanUp);
  const stops: (() => Promise<void>)[] = [];
  const stop = async (): Promise<void> => {
    for (const each of stops.toReversed()) await each();
    cleanUp();
  };
  try {
    const server = await startPostgresServer({ dataFolder: path.join(scratch, 'postgres') });
    stops.push(() => server.stop());
    const postgresUrl = server.url('postgres');
    const postgres = new pg.Client({ connectionString: postgresUrl });
    await postgres.connect();
    stops.push(() => postgres.end());
    const { path: binary } = await obtainTemporal({ notice });
    const metricsPort = await freePort();
    const databaseFile = path.join(scratch, 'temporal.db');
    const temporalServer = await startTemporalServer({ binary, uiPort: null, metricsPort, databaseFile });
    stops.push(() => temporalServer.stop());
    const temporal = await connectTemporal({ address: temporalServer.address, namespace: 'default', options: {} });
    stops.push(() => temporal.close());
    const pids = { temporal: temporalServer.process.pid, postgres: server.process.pid };
    const metricsUrl = `http://127.0.0.1:${metricsPort}/metrics`;
    return { scratch, temporal, metricsUrl, postgresUrl, urlOf: (database) => server.url(database), postgres, pids, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** The environment of a worker on these servers: nothing that the caller's own says of Temporal or Postgres. */
export function workerEnvironment(servers: Servers, own: Readonly<Record<string, string>>): NodeJS.ProcessEnv {
  const inherited = Object.entries(process.env).filter(([name]) => !/^(TEMPORAL_|PG[A-Z]+$)/.test(name));
  return {
    ...Object.fromEntries(inherited),
    TEMPORAL_ADDRESS: servers.temporal.address,
    STAGING_FOLDER: stagingFolder(servers),
    SPILL_FOLDER: path.join(servers.scratch, 'spill'),
    CATALOG_FILE: path.join(servers.scratch, 'catalog.db'),
    ...own,
  };
}

/** Where a worker with that environment stages its datasets. */
export function stagingFolder({ scratch }: Pick<Servers, 'scratch'>): string {
  return path.join(scratch, 'staging');
}
