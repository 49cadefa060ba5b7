import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Connection } from '@temporalio/client';
import { TerminalError, messageOf } from '../core/errors.js';
import { freePort } from './free-port.js';
import { startServerProcess, type ServerProcess } from './server-process.js';
import { TEMPORAL_DYNAMIC_CONFIG, TEMPORAL_SEARCH_ATTRIBUTES, TEMPORAL_SQLITE_PRAGMAS } from './temporal-settings.js';

const KEYWORD = 2;

export interface TemporalServerOptions {
  /** The `temporal` program. */
  readonly binary: string;
  /** The gRPC port. @default a free one */
  readonly port?: number;
  /** The web UI's port; `null` for no web UI. @default a free one */
  readonly uiPort?: number | null;
  /** The port of its metrics. @default a free one */
  readonly metricsPort?: number;
  /** The SQLite file that keeps runs across starts. @default in memory */
  readonly databaseFile?: string;
  /** Made when missing. @default 'default' */
  readonly namespace?: string;
  /** @default 30000 */
  readonly startTimeoutMs?: number;
}

export interface TemporalServer {
  readonly address: string;
  readonly uiUrl: string | null;
  readonly process: ServerProcess;
  readonly stop: () => Promise<void>;
}

/**
 * Starts Temporal's dev server with Millrace's settings, and waits until it serves and knows the search attributes.
 *
 * @throws TerminalError TOOL_MISSING with the last lines of its log when it dies or does not serve in time
 */
export async function startTemporalServer(options: TemporalServerOptions): Promise<TemporalServer> {
  const port = options.port ?? (await freePort());
  const uiPort = options.uiPort === null ? null : (options.uiPort ?? (await freePort()));
  if (options.databaseFile) mkdirSync(dirname(options.databaseFile), { recursive: true });
  const server = startServerProcess({
    command: options.binary,
    args: serverArguments(options, port, uiPort),
    stopSignal: 'TERM',
  });
  const address = `127.0.0.1:${port}`;
  try {
    await waitUntilServing(server, address, options);
  } catch (error) {
    await server.stop();
    throw error;
  }
  return { address, uiUrl: uiPort === null ? null : `http://127.0.0.1:${uiPort}`, process: server, stop: () => server.stop() };
}

function serverArguments(options: TemporalServerOptions, port: number, uiPort: number | null): string[] {
  const args = ['server', 'start-dev', '--ip', '127.0.0.1', '--port', String(port), '--log-level', 'error'];
  args.push(...(uiPort === null ? ['--headless'] : ['--ui-port', String(uiPort)]));
  if (options.metricsPort !== undefined) args.push('--metrics-port', String(options.metricsPort));
  for (const [key, value] of Object.entries(TEMPORAL_DYNAMIC_CONFIG))
    args.push('--dynamic-config-value', `${key}=${String(value)}`);
  for (const name of TEMPORAL_SEARCH_ATTRIBUTES) args.push('--search-attribute', `${name}=Keyword`);
  if (options.namespace) args.push('--namespace', options.namespace);
  if (options.databaseFile) {
    args.push('--db-filename', options.databaseFile);
    for (const [key, value] of Object.entries(TEMPORAL_SQLITE_PRAGMAS)) args.push('--sqlite-pragma', `${key}=${value}`);
  }
  return args;
}

async function waitUntilServing(server: ServerProcess, address: string, options: TemporalServerOptions): Promise<void> {
  const timeoutMs = options.startTimeoutMs ?? 30_000;
  const deadline = Date.now() + timeoutMs;
  let last = 'it did not answer';
  while (Date.now() < deadline) {
    if (!server.running()) throw startFailed(address, await server.ended, server);
    try {
      if (await knowsSearchAttributes(address, options.namespace ?? 'default')) return;
    } catch (error) {
      last = messageOf(error);
    }
    await Promise.race([sleep(50), server.ended]);
  }
  throw startFailed(address, `did not serve within ${timeoutMs / 1000} s (${last})`, server);
}

/** A file made by an earlier version may lack one: `--search-attribute` is for new databases only. */
async function knowsSearchAttributes(address: string, namespace: string): Promise<boolean> {
  const connection = await Connection.connect({ address, connectTimeout: 500 });
  try {
    const known = await connection.operatorService.listSearchAttributes({ namespace });
    const missing = TEMPORAL_SEARCH_ATTRIBUTES.filter((name) => !(name in (known.customAttributes ?? {})));
    if (missing.length === 0) return true;
    const searchAttributes = Object.fromEntries(missing.map((name) => [name, KEYWORD]));
    await connection.operatorService.addSearchAttributes({ namespace, searchAttributes });
    return false;
  } finally {
    await connection.close();
  }
}

function startFailed(address: string, why: string, server: ServerProcess): TerminalError {
  return new TerminalError(
    'TOOL_MISSING',
    `The Temporal dev server on ${address} ${why}. Its last words:\n${server.lastLines(15) || '(none)'}\n` +
      `Set TEMPORAL_ADDRESS to use another server, or start one with \`docker compose up\`.`,
  );
}
