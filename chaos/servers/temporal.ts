import { Client, Connection } from '@temporalio/client';
import { obtainTemporal } from '../../src/dev/temporal-binary.js';
import { freePort } from '../../src/dev/free-port.js';
import { startTemporalServer, type TemporalServer } from '../../src/dev/temporal-server.js';

/** A Temporal server in a process of its own, whose runs are in a file, so that it can be killed and started again. */
export interface ChaosTemporal {
  readonly address: string;
  readonly client: Client;
  /** SIGKILL. */
  kill(): Promise<void>;
  start(): Promise<void>;
  /** Starts it if it is not running. */
  mend(): Promise<void>;
  stop(): Promise<void>;
  /** The last lines of its log. */
  lastLines(): string;
}

/** @throws TerminalError TOOL_MISSING */
export async function startTemporal(databaseFile: string, notice: (line: string) => void): Promise<ChaosTemporal> {
  const { path: binary } = await obtainTemporal({ notice });
  const port = await freePort();
  const start = (): Promise<TemporalServer> => startTemporalServer({ binary, uiPort: null, databaseFile, port });
  let server = await start();
  const { address } = server;
  const connection = await Connection.connect({
    address,
    // A server that is back is to be found at once, not after a pause that has grown.
    channelArgs: { 'grpc.initial_reconnect_backoff_ms': 100, 'grpc.max_reconnect_backoff_ms': 500 },
  });
  return {
    address,
    client: new Client({ connection }),
    async kill() {
      process.kill(server.process.pid, 'SIGKILL');
      await server.process.ended;
    },
    async mend() {
      if (!server.process.running()) server = await start();
    },
    async start() {
      server = await start();
    },
    async stop() {
      await connection.close();
      await server.stop();
    },
    lastLines: () => server.process.lastLines(100),
  };
}
