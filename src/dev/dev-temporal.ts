import path from 'node:path';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import { connectTemporal, type TemporalClient } from '../temporal/connect.js';
import { temporalTarget, type TemporalTarget } from '../temporal/target.js';
import { ensureSearchAttributes } from '../temporal/search-attributes.js';
import { choosePort, isPortFree } from './free-port.js';
import type { ServerProcess } from './server-process.js';
import { ON_PATH, obtainTemporal } from './temporal-binary.js';
import { startTemporalServer } from './temporal-server.js';

/** Temporal's usual port. */
const PORT = 7233;

/** The Temporal server that `millrace dev` works with. */
export interface DevTemporal {
  readonly client: TemporalClient;
  readonly uiUrl: string | null;
  /** Its process, where it was started here. */
  readonly process: ServerProcess | null;
  /** How a person calls the CLI for this server: `temporal`, with `--address` where it isn't the usual one. */
  readonly cli: (command: string) => string;
  /** What `millrace` needs to find this server: ` --address …`, or nothing where it looks there by itself. */
  readonly addressOption: string;
  stop(): Promise<void>;
}

export interface DevTemporalOptions {
  readonly folder: string;
  readonly notice: (line: string) => void;
  /** The gRPC port that was asked for. @default 7233, or the next free one */
  readonly port?: number;
  /** The web UI's port that was asked for. @default 8233, or the next free one */
  readonly uiPort?: number;
}

/**
 * Gives a Temporal server: the one that TEMPORAL_ADDRESS or Temporal's own config file names, or else one of our own that
 * keeps its runs in the dev folder. A server that happens to run on the usual port is left alone: another project's worker
 * may poll the same task queue there.
 *
 * @throws TransientError TEMPORAL_UNREACHABLE when the named server does not answer
 * @throws TerminalError TOOL_MISSING, PORT_BUSY, CONFIG_INVALID
 */
export async function provideTemporal(options: DevTemporalOptions): Promise<DevTemporal> {
  const target = temporalTarget();
  return loadClientConnectConfig().connectionOptions.address ? useNamed(target, options) : startOwn(target, options);
}

async function useNamed(target: TemporalTarget, { notice }: DevTemporalOptions): Promise<DevTemporal> {
  const client = await connectTemporal(target);
  notice(
    `Temporal: using ${target.address}, as ${process.env.TEMPORAL_ADDRESS ? 'TEMPORAL_ADDRESS' : "Temporal's config file"} says`,
  );
  const { warning } = await ensureSearchAttributes(client);
  if (warning) notice(warning);
  return {
    client,
    uiUrl: null,
    process: null,
    cli: (command) => `temporal ${command}`,
    addressOption: '',
    stop: () => client.close(),
  };
}

async function startOwn(target: TemporalTarget, options: DevTemporalOptions): Promise<DevTemporal> {
  const { notice } = options;
  const usual = `127.0.0.1:${PORT}`;
  if (options.port === undefined && !(await isPortFree(PORT)) && (await answers(usual))) {
    notice(`A Temporal server answers on ${usual} and is left alone. To use it: TEMPORAL_ADDRESS=${usual}`);
  }
  const binary = await obtainTemporal({ notice });
  const port = await choosePort(
    { purpose: 'Temporal', wanted: options.port ?? PORT, explicit: options.port !== undefined, option: '--temporal-port' },
    notice,
  );
  const uiPort = await choosePort(
    {
      purpose: "Temporal's web UI",
      wanted: options.uiPort ?? PORT + 1000,
      explicit: options.uiPort !== undefined,
      option: '--ui-port',
    },
    notice,
  );
  const databaseFile = path.join(options.folder, 'temporal.db');
  const server = await startTemporalServer({ binary: binary.path, port, uiPort, namespace: target.namespace, databaseFile });
  notice(`Temporal: started on ${server.address} (${binary.path}, ${binary.origin})`);
  const client = await connectTemporal({ ...target, address: server.address });
  const program = binary.origin === ON_PATH ? 'temporal' : binary.path;
  const addressOption = port === PORT ? '' : ` --address ${server.address}`;
  const stop = async (): Promise<void> => {
    await client.close();
    await server.stop();
  };
  const cli = (command: string): string => `${program} ${command}${addressOption}`;
  return { client, uiUrl: server.uiUrl, process: server.process, cli, addressOption, stop };
}

async function answers(address: string): Promise<boolean> {
  try {
    await (await connectTemporal({ address, namespace: 'default', options: {} })).close();
    return true;
  } catch {
    return false;
  }
}
