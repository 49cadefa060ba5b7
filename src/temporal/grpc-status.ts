import { isGrpcServiceError, ServiceError } from '@temporalio/client';
import { messageOf } from '../core/errors.js';

/** gRPC's numbers for what a server may answer. */
export const GRPC = {
  invalidArgument: 3,
  deadlineExceeded: 4,
  notFound: 5,
  permissionDenied: 7,
  failedPrecondition: 9,
  unimplemented: 12,
  unavailable: 14,
  unauthenticated: 16,
} as const;

/** The number with which a server answered, if the error is such an answer. */
export function grpcCode(error: unknown): number | undefined {
  const grpc = error instanceof ServiceError ? error.cause : error;
  return isGrpcServiceError(grpc) ? grpc.code : undefined;
}

/** The server's own words, or the error's message. */
export function grpcReason(error: unknown): string {
  const grpc = error instanceof ServiceError ? error.cause : error;
  return isGrpcServiceError(grpc) && grpc.details !== '' ? grpc.details : messageOf(error);
}
