import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import pg from 'pg';
import { freePort } from '../../src/dev/free-port.js';
import { startPostgresServer, type PostgresServer } from '../../src/dev/postgres-server.js';

/** A PostgreSQL that can be killed and started again on the same data and the same port. */
export interface ChaosPostgres {
  readonly port: number;
  url(): string;
  /** SIGKILL for the postmaster and each of its processes, as when the machine goes down; committed data stays. */
  kill(): Promise<void>;
  start(): Promise<void>;
  /** Starts it if it is not running. */
  mend(): Promise<void>;
  stop(): Promise<void>;
  /** The last lines of its log. */
  lastLines(): string;
}

const DATABASE = 'chaos';
const run = promisify(execFile);

/** Starts PostgreSQL with its default settings (fsync on) and makes the database. @throws TerminalError TOOL_MISSING */
export async function startPostgres(dataFolder: string): Promise<ChaosPostgres> {
  const port = await freePort();
  const start = (): Promise<PostgresServer> => startPostgresServer({ dataFolder, port });
  let server = await start();
  await onServer(server.url('postgres'), `CREATE DATABASE ${DATABASE}`);
  return {
    port,
    url: () => server.url(DATABASE),
    async kill() {
      const { pid } = server.process;
      // It would go on making processes while they are listed, and one that is left keeps the next server from starting.
      signal(pid, 'SIGSTOP');
      for (const each of [...(await childrenOf(pid)), pid]) signal(each, 'SIGKILL');
      await server.process.ended;
    },
    async mend() {
      if (!server.process.running()) server = await start();
    },
    async start() {
      server = await start();
    },
    stop: () => server.stop(),
    lastLines: () => server.process.lastLines(100),
  };
}

async function onServer(url: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query(statement);
  await client.end();
}

async function childrenOf(pid: number): Promise<number[]> {
  const { stdout } = await run('ps', ['-A', '-o', 'pid=,ppid=']);
  const pairs = stdout.split('\n').map((line) => line.trim().split(/\s+/).map(Number));
  return pairs.flatMap(([child, parent]) => (parent === pid && child !== undefined ? [child] : []));
}

function signal(pid: number, name: 'SIGSTOP' | 'SIGKILL'): void {
  try {
    process.kill(pid, name);
  } catch {
    // It ended in the meantime.
  }
}
