import type { FastifyError } from 'fastify';
import { MillraceError, TerminalError, TransientError } from '../core/errors.js';

/** What Fastify refuses before an operation is asked, in our words. Anything else stays what it is. */
export function translated(error: unknown): unknown {
  if (error instanceof MillraceError || !isOfFastify(error)) return error;
  if (error.code === 'FST_ERR_CTP_BODY_TOO_LARGE') {
    const message = 'The body has more than 256 KB. Requests name things; data goes through connections.';
    return new TerminalError('REQUEST_TOO_LARGE', message);
  }
  if (error.code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE') {
    const message = 'The body is of a type that is not read here. Send JSON, with `Content-Type: application/json`.';
    return new TerminalError('MEDIA_TYPE_UNKNOWN', message);
  }
  if (error.code === 'FST_ERR_HANDLER_TIMEOUT') {
    const message = 'There was no answer within 30 s. Whether a change was made is not known: look, then ask again.';
    return new TransientError('SERVICE_BUSY', message, {}, { cause: error, retryAfterMs: 5_000 });
  }
  if (error.statusCode === undefined || error.statusCode >= 500) return error;
  return new TerminalError('REQUEST_INVALID', `The request can't be read: ${error.message}`);
}

function isOfFastify(error: unknown): error is FastifyError {
  return (
    error instanceof Error && typeof (error as FastifyError).code === 'string' && (error as FastifyError).code.startsWith('FST_')
  );
}
