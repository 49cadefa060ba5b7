import { NamespaceNotFoundError } from '@temporalio/common';
import { WorkflowNotFoundError } from '@temporalio/client';
import { MillraceError, TerminalError, TransientError } from '../core/errors.js';
import { GRPC, grpcCode, grpcReason } from './grpc-status.js';
import type { TemporalTarget } from './target.js';

type Server = Pick<TemporalTarget, 'address' | 'namespace'>;

/**
 * Translates what the server answers into errors for people.
 *
 * @param about what was asked, for RUN_UNKNOWN: the workflow id, with the run id if one was named
 */
export async function answered<T>(temporal: Server, about: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    throw serviceFailure(temporal, about, error);
  }
}

/** The translation that {@link answered} makes. */
export function serviceFailure({ address, namespace }: Server, about: string, error: unknown): unknown {
  if (error instanceof MillraceError) return error;
  if (error instanceof WorkflowNotFoundError) {
    return new TerminalError(
      'RUN_UNKNOWN',
      `Temporal at ${address} knows no run ${about} in namespace "${namespace}". List runs with \`millrace runs\`.`,
      {},
      { cause: error },
    );
  }
  const cause = { cause: error };
  const code = grpcCode(error);
  const reason = grpcReason(error);
  if (error instanceof NamespaceNotFoundError || (code === GRPC.notFound && /namespace/i.test(reason))) {
    return new TerminalError(
      'CONFIG_INVALID',
      `Temporal at ${address} has no namespace "${namespace}". Name another in TEMPORAL_NAMESPACE or --namespace, or make it: temporal operator namespace create --namespace ${namespace}`,
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
