import type { Problem } from '../api/schemas/problem.js';
import { ERROR_CODES, type ErrorCode } from '../core/error-codes.js';
import { TerminalError, TransientError, type MillraceError } from '../core/errors.js';
import { retryAfterMs } from '../core/retry-after.js';
import type { ServiceAddress } from './service-address.js';

/** What an answer that is none tells, as the error that was thrown where the work was asked for. */
export function answerError({ url }: ServiceAddress, response: Response, body: unknown): MillraceError {
  const { status, headers } = response;
  const { code, detail } = (body ?? {}) as Partial<Problem>;
  const patience = { retryAfterMs: retryAfterMs(headers.get('retry-after')) };
  if (typeof code === 'string' && typeof detail === 'string') {
    if (Object.hasOwn(ERROR_CODES, code)) return coded(code as ErrorCode, detail, patience);
    // A service that is newer than this client.
    return new TerminalError('INTERNAL', `${detail} [${code}]`, { code });
  }
  const elsewhere = placeOf(headers.get('location'), url);
  if (status >= 300 && status < 400 && elsewhere) {
    return new TerminalError(
      'SERVICE_ADDRESS_INVALID',
      `What answers at ${url} sends callers on to ${elsewhere}: use that address.`,
    );
  }
  const message = `What answers at ${url} (HTTP ${status}) is no Millrace service. Correct the address, or look at the proxy before it.`;
  return new TransientError('SERVICE_UNREACHABLE', message, {}, patience);
}

function coded(code: ErrorCode, message: string, patience: { readonly retryAfterMs: number | undefined }): MillraceError {
  if (!ERROR_CODES[code].retryable) return new TerminalError(code, message);
  return new TransientError(
    code,
    message,
    {},
    { ...(patience.retryAfterMs !== undefined && { retryAfterMs: patience.retryAfterMs }) },
  );
}

function placeOf(location: string | null, url: string): string | undefined {
  return location !== null && URL.canParse(location, url) ? new URL(location, url).origin : undefined;
}
