import { Client, Connection } from '@temporalio/client';
import { loadClientConnectConfig, type ClientConnectConfig } from '@temporalio/envconfig';
import { messageOf, TerminalError, TransientError } from '../core/errors.js';

/** Which server, and which namespace on it. */
export interface TemporalTarget {
  readonly address: string;
  readonly namespace: string;
  /** TLS, API key and metadata, as the environment and Temporal's config file say. */
  readonly options: Readonly<Omit<ClientConnectConfig['connectionOptions'], 'address'>>;
}

/** A connection to a Temporal server. */
export interface TemporalClient {
  readonly client: Client;
  readonly address: string;
  readonly namespace: string;
  close(): Promise<void>;
}

const CONNECT_TIMEOUT_MS = 3_000;

/**
 * The server that `TEMPORAL_ADDRESS`, `TEMPORAL_NAMESPACE`, `TEMPORAL_PROFILE` and the other variables of Temporal's own
 * tools, or Temporal's config file, name.
 *
 * @throws TerminalError CONFIG_INVALID when that file cannot be read or lacks the profile
 */
export function temporalTarget(overrides: { readonly address?: string; readonly namespace?: string } = {}): TemporalTarget {
  try {
    const { connectionOptions, namespace } = loadClientConnectConfig();
    const { address, ...options } = connectionOptions;
    return {
      address: overrides.address ?? address ?? '127.0.0.1:7233',
      namespace: overrides.namespace ?? namespace ?? 'default',
      options,
    };
  } catch (error) {
    const message = `Temporal's connection settings cannot be used: ${messageOf(error)}. Correct the TEMPORAL_ variables or Temporal's config file.`;
    throw new TerminalError('CONFIG_INVALID', message, {}, { cause: error });
  }
}

/**
 * Connects to a Temporal server.
 *
 * @throws TransientError TEMPORAL_UNREACHABLE, within 5 s, naming the address
 * @throws TerminalError CREDENTIALS_REJECTED when the server refuses the API key or certificate
 */
export async function connectTemporal(target: TemporalTarget = temporalTarget()): Promise<TemporalClient> {
  try {
    const connection = await Connection.connect({
      ...target.options,
      address: target.address,
      connectTimeout: CONNECT_TIMEOUT_MS,
    });
    return {
      client: new Client({ connection, namespace: target.namespace }),
      address: target.address,
      namespace: target.namespace,
      close: () => connection.close(),
    };
  } catch (error) {
    throw unreachable(target.address, error);
  }
}

/** What a failed connection means to the person who meets it. */
export function unreachable(address: string, error: unknown): Error {
  const code = (error as { readonly code?: unknown } | null)?.code;
  if (code === 7 || code === 16) {
    const message = `The Temporal server at ${address} refuses the credentials: ${messageOf(error)}. Check TEMPORAL_API_KEY and the TLS settings.`;
    return new TerminalError('CREDENTIALS_REJECTED', message, { address }, { cause: error });
  }
  const message = `No Temporal server answers at ${address}: ${messageOf(error)}. Start one with \`millrace dev\` or \`docker compose up\`, or set TEMPORAL_ADDRESS.`;
  return new TransientError('TEMPORAL_UNREACHABLE', message, { address }, { cause: error });
}
