import { setTimeout as sleep } from 'node:timers/promises';
import { Client, Connection } from '@temporalio/client';
import { MillraceError } from '../core/errors.js';
import { connectFailure, tlsTrouble } from './connect-failure.js';
import { GRPC, grpcCode } from './grpc-status.js';
import { serviceFailure } from './service-errors.js';
import { temporalTarget, type TemporalTarget } from './target.js';

/** A connection to a Temporal server. */
export interface TemporalClient {
  readonly client: Client;
  readonly address: string;
  readonly namespace: string;
  close(): Promise<void>;
}

const CONNECT_TIMEOUT_MS = 3_000;
const LOOK_AFTER_MS = 500;

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
