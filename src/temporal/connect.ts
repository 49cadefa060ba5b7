import { setTimeout as sleep } from 'node:timers/promises';
import { Client, Connection } from '@temporalio/client';
import {
  loadClientConfigProfile,
  toClientOptions,
  type ClientConfigProfile,
  type ClientConnectConfig,
} from '@temporalio/envconfig';
import { messageOf, MillraceError, TerminalError } from '../core/errors.js';
import { connectFailure, tlsTrouble } from './connect-failure.js';
import { GRPC, grpcCode } from './grpc-status.js';
import { serviceFailure } from './service-errors.js';

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

/** What the command line says; each comes before the variable and the config file. */
export interface TargetOverrides {
  readonly address?: string;
  readonly namespace?: string;
  readonly profile?: string;
}

const CONNECT_TIMEOUT_MS = 3_000;
const LOOK_AFTER_MS = 500;

/**
 * The server that `TEMPORAL_ADDRESS`, `TEMPORAL_NAMESPACE`, `TEMPORAL_PROFILE` and the other variables of Temporal's own
 * tools, or Temporal's config file, name. CLI, worker and development all ask here.
 *
 * @throws TerminalError CONFIG_INVALID when that file or a certificate cannot be read, the file lacks the profile, or half of
 * a client certificate is set
 */
export function temporalTarget(overrides: TargetOverrides = {}): TemporalTarget {
  try {
    const profile = loadClientConfigProfile(overrides.profile === undefined ? {} : { profile: overrides.profile });
    const { connectionOptions, namespace } = toClientOptions(profile);
    const { address: configured, ...options } = connectionOptions;
    const address = overrides.address ?? configured ?? '127.0.0.1:7233';
    if (address.includes('://')) throw new Error(`the address is ${address}; write host:port, without a scheme`);
    const half = halfCertificate(profile);
    if (half) throw new Error(half);
    return { address, namespace: overrides.namespace ?? namespace ?? 'default', options };
  } catch (error) {
    const message = `Temporal's connection settings cannot be used: ${messageOf(error)}. Correct the TEMPORAL_ variables or Temporal's config file.`;
    throw new TerminalError('CONFIG_INVALID', message, {}, { cause: error });
  }
}

// Temporal's library takes half of a pair for none, and connects without.
function halfCertificate({ tls }: ClientConfigProfile): string | undefined {
  if (!tls || tls.disabled === true || !tls.clientCert === !tls.clientKey) return undefined;
  const [given, missing] = tls.clientCert
    ? ['certificate', 'key (TEMPORAL_TLS_CLIENT_KEY_PATH)']
    : ['key', 'certificate (TEMPORAL_TLS_CLIENT_CERT_PATH)'];
  return `a client ${given} is set without its ${missing}`;
}

/**
 * Connects to a Temporal server and sees that it has the namespace.
 *
 * @throws TransientError TEMPORAL_UNREACHABLE, within 10 s, naming the address
 * @throws TerminalError TEMPORAL_TLS saying what is wrong with which certificate or setting; CREDENTIALS_REJECTED when the
 * server refuses the API key; CONFIG_INVALID when it has no such namespace
 */
export async function connectTemporal(target: TemporalTarget = temporalTarget()): Promise<TemporalClient> {
  const { address, namespace, options } = target;
  const connection = Connection.lazy({ ...options, address, connectTimeout: CONNECT_TIMEOUT_MS });
  const temporal = { client: new Client({ connection, namespace }), address, namespace, close: () => connection.close() };
  try {
    await reach(connection, target);
    await requireNamespace(temporal);
    return temporal;
  } catch (error) {
    await connection.close();
    throw error;
  }
}

// gRPC tries a bad handshake again and again until its time is up; a look at the socket knows sooner.
async function reach(connection: Connection, target: TemporalTarget): Promise<void> {
  let waiting = true;
  const connected = connection.ensureConnected().finally(() => void (waiting = false));
  const looked = sleep(LOOK_AFTER_MS, undefined, { ref: false }).then(async () => {
    const trouble = waiting ? await tlsTrouble(target) : undefined;
    return trouble ? Promise.reject(trouble) : connected;
  });
  looked.catch(() => undefined);
  try {
    await Promise.race([connected, looked]);
  } catch (error) {
    throw error instanceof MillraceError ? error : await connectFailure(target, error);
  }
}

async function requireNamespace(temporal: TemporalClient): Promise<void> {
  const { client, address, namespace } = temporal;
  try {
    await client.withDeadline(Date.now() + CONNECT_TIMEOUT_MS, () => client.workflowService.describeNamespace({ namespace }));
  } catch (error) {
    const code = grpcCode(error);
    // A user may be allowed to start runs and not to look at namespaces.
    if (code === GRPC.permissionDenied || code === GRPC.unimplemented) return;
    throw serviceFailure({ address, namespace }, `namespace "${namespace}"`, error);
  }
}
