import { spawnSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { chownSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { TerminalError } from '../core/errors.js';
import { freePort } from './free-port.js';
import { postgresBinaries, type PostgresBinaries } from './postgres-binaries.js';
import { claimDataFolder } from './postgres-lock.js';
import { isReachable, postgresUser, sharedFolder, type OtherUser } from './postgres-user.js';
import { startServerProcess, type ServerProcess } from './server-process.js';

const USER = 'millrace';

export interface PostgresServerOptions {
  /** The data folder; made when missing, and used again by the next start. */
  readonly dataFolder: string;
  /** @default a free one */
  readonly port?: number;
  /** Server settings besides the defaults. */
  readonly settings?: Readonly<Record<string, string>>;
  /** @default 30000 */
  readonly startTimeoutMs?: number;
}

export interface PostgresServer {
  readonly port: number;
  /** The address of one of its databases, password included. */
  readonly url: (database: string) => string;
  readonly process: ServerProcess;
  readonly stop: () => Promise<void>;
}

/**
 * Starts a real PostgreSQL on 127.0.0.1 in a data folder of ours, and waits until it takes connections. After a crash it
 * recovers by itself. As root it runs as another user, and a data folder that this user can't reach is replaced by one
 * below /var/tmp.
 *
 * @throws TerminalError TOOL_MISSING when PostgreSQL is not installed or does not start, with the last lines of its log
 * @throws TerminalError PORT_BUSY when another PostgreSQL runs in that data folder
 */
export async function startPostgresServer(options: PostgresServerOptions): Promise<PostgresServer> {
  const user = postgresUser();
  const binaries = postgresBinaries(user !== null);
  const folder = user && !isReachable(dirname(options.dataFolder)) ? replacementFor(options.dataFolder) : options.dataFolder;
  if (!existsSync(join(folder, 'PG_VERSION'))) initialise(binaries, folder, user);
  await claimDataFolder(folder);
  const port = options.port ?? (await freePort());
  const settings = { listen_addresses: '127.0.0.1', unix_socket_directories: '', wal_level: 'logical', ...options.settings };
  const server = await startReady(options.startTimeoutMs ?? 30_000, { folder, port }, () =>
    startServerProcess({
      command: binaries.postgres,
      args: ['-D', folder, '-p', String(port), ...Object.entries(settings).flatMap(([key, value]) => ['-c', `${key}=${value}`])],
      // SIGINT is PostgreSQL's "fast" shutdown: it ends sessions instead of waiting for them.
      stopSignal: 'INT',
      ...user,
    }),
  );
  const password = readFileSync(passwordFile(folder), 'utf8').trim();
  return {
    port,
    url: (database) => `postgres://${USER}:${password}@127.0.0.1:${port}/${encodeURIComponent(database)}`,
    process: server,
    stop: () => server.stop(),
  };
}

/** Made beside the folder and renamed, so that a start that was interrupted half-way leaves no half a database. */
function initialise(binaries: PostgresBinaries, folder: string, user: OtherUser | null): void {
  const part = `${folder}.new`;
  rmSync(part, { recursive: true, force: true });
  mkdirSync(part, { recursive: true, mode: 0o700 });
  writeFileSync(passwordFile(folder), randomBytes(12).toString('hex'), { mode: 0o600 });
  const handOver = `${part}/../.${randomBytes(6).toString('hex')}`;
  writeFileSync(handOver, readFileSync(passwordFile(folder)), { mode: 0o600 });
  if (user) for (const path of [part, handOver]) chownSync(path, user.uid, user.gid);
  const flags = [
    '--encoding=UTF8',
    '--locale=C',
    '--locale-provider=builtin',
    '--builtin-locale=C.UTF-8',
    '--no-sync',
    '--no-instructions',
  ];
  const result = spawnSync(binaries.initdb, ['-D', part, '-U', USER, '--auth=scram-sha-256', `--pwfile=${handOver}`, ...flags], {
    encoding: 'utf8',
    cwd: '/',
    ...user,
  });
  rmSync(handOver, { force: true });
  if (result.status !== 0) {
    throw new TerminalError(
      'TOOL_MISSING',
      `PostgreSQL can't make a data folder at ${folder}: ${(result.stderr || result.error?.message || '').trim()}`,
    );
  }
  rmSync(folder, { recursive: true, force: true });
  renameSync(part, folder);
}

/** What PostgreSQL says while a session of a killed one is still at work: it ends when it finds that its server is gone. */
const SESSION_LEFT = /pre-existing shared memory block .* still in use/;
const SESSION_PAUSE_MS = 200;

async function startReady(
  timeoutMs: number,
  { folder, port }: { readonly folder: string; readonly port: number },
  start: () => ServerProcess,
): Promise<ServerProcess> {
  for (const deadline = Date.now() + timeoutMs; ;) {
    const server = start();
    const outcome = await untilReady(server, timeoutMs);
    if (outcome === 'ready') return server;
    await server.stop();
    if (!SESSION_LEFT.test(server.lastLines()) || Date.now() > deadline) {
      throw new TerminalError(
        'TOOL_MISSING',
        `PostgreSQL on port ${port}, data folder ${folder}, ${outcome}. Its last words:\n${server.lastLines(15) || '(none)'}`,
      );
    }
    await sleep(SESSION_PAUSE_MS);
  }
}

async function untilReady(server: ServerProcess, timeoutMs: number): Promise<string> {
  const ready = new Promise<'ready'>((resolve) => {
    server.onLine((line) => line.includes('ready to accept connections') && resolve('ready'));
  });
  const late = new AbortController();
  const tooLate = sleep(timeoutMs, `was not ready within ${timeoutMs / 1000} s`, { signal: late.signal });
  try {
    return await Promise.race([ready, server.ended, tooLate]);
  } finally {
    late.abort();
  }
}

function replacementFor(folder: string): string {
  return join(sharedFolder(), `data-${createHash('sha256').update(folder).digest('hex').slice(0, 12)}`);
}

function passwordFile(folder: string): string {
  return `${folder}.password`;
}
