import { isGrpcServiceError, ServiceError, WorkflowNotFoundError } from '@temporalio/client';
import { messageOf, MillraceError, TerminalError, TransientError } from '../core/errors.js';
import type { TemporalClient } from './connect.js';

/** gRPC's numbers for what a server may answer. */
const GRPC = { deadlineExceeded: 4, notFound: 5, permissionDenied: 7, unavailable: 14, unauthenticated: 16 } as const;

/**
 * Translates what the server answers into errors for people.
 *
 * @param about what was asked, for RUN_UNKNOWN: the workflow id, with the run id if one was named
 */
export async function answered<T>(temporal: TemporalClient, about: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    throw translate(temporal, about, error);
  }
}

function translate({ address, namespace }: TemporalClient, about: string, error: unknown): unknown {
  if (error instanceof MillraceError) return error;
  if (error instanceof WorkflowNotFoundError) {
    return new TerminalError(
      'RUN_UNKNOWN',
      `Temporal at ${address} knows no run ${about} in namespace "${namespace}". List runs with \`millrace runs\`.`,
      {},
      { cause: error },
    );
  }
  const code = grpcCode(error);
  if (code === undefined) return error;
  const cause = { cause: error };
  const reason = reasonOf(error);
  if (code === GRPC.notFound && /namespace/i.test(reason)) {
    return new TerminalError(
      'CONFIG_INVALID',
      `Temporal at ${address} has no namespace "${namespace}". Set TEMPORAL_NAMESPACE.`,
      {},
      cause,
    );
  }
  if (code === GRPC.permissionDenied || code === GRPC.unauthenticated) {
    return new TerminalError(
      'CREDENTIALS_REJECTED',
      `Temporal at ${address} refuses: ${reason}. Check TEMPORAL_API_KEY and the TLS settings.`,
      {},
      cause,
    );
  }
  if (code === GRPC.unavailable || code === GRPC.deadlineExceeded) {
    return new TransientError(
      'TEMPORAL_UNREACHABLE',
      `The Temporal server at ${address} stopped answering: ${reason}. Check that it runs.`,
      {},
      cause,
    );
  }
  return error;
}

function grpcCode(error: unknown): number | undefined {
  const grpc = error instanceof ServiceError ? error.cause : error;
  return isGrpcServiceError(grpc) ? grpc.code : undefined;
}

function reasonOf(error: unknown): string {
  const grpc = error instanceof ServiceError ? error.cause : error;
  return isGrpcServiceError(grpc) && grpc.details !== '' ? grpc.details : messageOf(error);
}
